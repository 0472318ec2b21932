import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { pythonWith } from '../../support/python-venv.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

const run = promisify(execFile)

/** What an agent does with the SDK: prints one JSON object of all that it saw. */
const work = `
import json, sys
from agent_sandbox import Sandbox
client = Sandbox(base_url=sys.argv[1], timeout=60)
seen = {}
seen["home"] = client.sandbox.get_sandbox_context() is not None if hasattr(client.sandbox, "get_sandbox_context") else True
seen["shell"] = client.shell.exec_command(command="cd /mnt/user-data/workspace && echo hi > a.txt && cat a.txt").data.output
seen["code"] = client.shell.exec_command(command="exit 3").data.exit_code
started = client.shell.exec_command(command="sleep 1; echo later", async_mode=True).data
client.shell.wait_for_process(id=started.session_id, seconds=20)
seen["later"] = "later" in client.shell.view(id=started.session_id).data.output
seen["write"] = client.file.write_file(file="/mnt/user-data/workspace/b.txt", content="one\\ntwo\\n").data.bytes_written
seen["read"] = client.file.read_file(file="/mnt/user-data/workspace/b.txt").data.content
client.file.replace_in_file(file="/mnt/user-data/workspace/b.txt", old_str="two", new_str="drei")
seen["replaced"] = client.file.read_file(file="/mnt/user-data/workspace/b.txt").data.content
seen["found"] = sorted(client.file.find_files(path="/mnt/user-data/workspace", glob="*.txt").data.files)
seen["listed"] = sorted(entry.name for entry in client.file.list_path(path="/mnt/user-data/workspace").data.files)
client.file.upload_file(file=("c.bin", bytes(range(256)) * 4096), path="/mnt/user-data/workspace/c.bin")
seen["bytes"] = b"".join(client.file.download_file(path="/mnt/user-data/workspace/c.bin")) == bytes(range(256)) * 4096
try:
    client.file.read_file(file="/mnt/none")
    seen["missing"] = "an answer"
except Exception as error:
    seen["missing"] = type(error).__name__
if hasattr(client, "bash"):
    seen["bash"] = client.bash.exec(command="echo $((6*7)); echo err >&2; exit 4").data.stdout
    session = client.bash.exec(command="true").data.session_id
    seen["session"] = client.bash.exec(command="echo again", session_id=session).data.stdout
print(json.dumps(seen))
`

const expected = {
  home: true,
  shell: 'hi\n',
  code: 3,
  later: true,
  write: 8,
  read: 'one\ntwo\n',
  replaced: 'one\ndrei\n',
  bytes: true,
  found: ['/mnt/user-data/workspace/a.txt', '/mnt/user-data/workspace/b.txt'],
}

needs('docker', 'lite-image', 'python').describe('the agent-sandbox SDK of PyPI, by a capability URL', () => {
  let dir: TempDir
  let house: House

  beforeAll(async () => {
    dir = await tempDir('python-sdk')
    house = await openHouse()
    await writeFile(join(dir.path, 'work.py'), work)
  })
  afterAll(async () => {
    await house.close()
    await dir.remove()
  })

  it.each(['0.0.19', '0.0.30'])('%s does shell, bash and file work', { timeout: 600_000 }, async (version) => {
    const { url } = await house.engine.call('acquire', { thread: `sdk-${version.replaceAll('.', '-')}` })
    const python = await pythonWith(`agent-sandbox==${version}`)
    const { stdout } = await run(python, [join(dir.path, 'work.py'), url ?? ''], { env: { ...process.env, http_proxy: '', HTTP_PROXY: '' } })
    const seen = JSON.parse(stdout) as Record<string, unknown>
    expect(seen).toMatchObject(expected)
    expect(seen['listed']).toEqual(['a.txt', 'b.txt'])
    expect(seen['missing']).not.toBe('an answer')
    if (version === '0.0.30') expect(seen).toMatchObject({ bash: '42\n', session: 'again\n' })
  })
})
