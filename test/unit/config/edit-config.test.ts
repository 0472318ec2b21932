import { describe, expect, it } from 'vitest'
import { editConfig } from '../../../main/house/config/edit-config.ts'

const edit = (text: string, key: string, value: unknown) => editConfig(text, '/h/config.yaml', {}, key, value).text

/** As a person keeps it: remarks, odd spacing, an order of its own. */
const kept = `# What we run here.

replicas: 4        # never more, the box is small
image: 'berth-lite'   # ours

bridge:
    # kept for the firewall
    port:   7900

mounts:
- host_path: /srv/data     # the data
  container_path: /data
  read_only: true
# The end.
`

describe('editConfig', () => {
  it.each([
    ['replicas', 6, 'replicas: 4 ', 'replicas: 6 '],
    ['image', 'other:1', "'berth-lite'", 'other:1'],
    ['bridge.port', 8000, '7900', '8000'],
    // What YAML 1.1 would read as something else is quoted.
    ['image', 'on', "'berth-lite'", '"on"'],
  ])('%s: one value for another leaves every other character alone', (key, value, before, after) => {
    expect(edit(kept, key, value)).toBe(kept.replace(before, after))
  })

  it('a new key goes to its section, and what people wrote stays', () => {
    const text = edit(edit(kept, 'bridge.sandbox_port', 7901), 'idle_timeout', 60)
    for (const remark of ['# What we run here.', '# never more, the box is small', '# ours', '# kept for the firewall', '# the data', '# The end.'])
      expect(text).toContain(remark)
    expect(text).toMatch(/bridge:\n[\s\S]*port: {0,2} ?7900\n +sandbox_port: 7901\n/)
    expect(text).toMatch(/^idle_timeout: 60$/m)
    expect(text.indexOf('replicas')).toBeLessThan(text.indexOf('image'))
    expect(text.indexOf('image')).toBeLessThan(text.indexOf('bridge'))
    expect(text).toMatch(/ours\n\nbridge/)
  })

  it('null takes it out, with an emptied section', () => {
    expect(edit('replicas: 4\nbridge:\n  port: 7900\n', 'bridge.port', null)).toBe('replicas: 4\n')
    expect(edit('replicas: 4\n', 'replicas', null)).toBe('')
    expect(edit('replicas: 4\n', 'bridge.port', null)).toBe('replicas: 4\n')
    expect(edit('', 'bridge.port', null)).toBe('')
  })

  it.each([
    ['an empty file', '', 'replicas', 2, 'replicas: 2\n'],
    ['a file of remarks', '# All defaults.\n', 'replicas', 2, '# All defaults.\n\nreplicas: 2\n'],
    ['a section with nothing in it', 'bridge:\n', 'bridge.port', 7900, 'bridge:\n  port: 7900\n'],
    ['a list', 'bridge: {port: 7900}\n', 'bridge.listen', ['127.0.0.1'], 'bridge: { port: 7900, listen: [ 127.0.0.1 ] }\n'],
    [
      'a value with a comma in braces',
      'capacity: {mode: soft}\nskills: {container_path: /a}\n',
      'skills.container_path',
      '/a,b',
      'capacity: { mode: soft }\nskills: { container_path: "/a,b" }\n',
    ],
    ['a variable', 'replicas: 1\n', 'environment.COLOUR', 'blue', 'replicas: 1\nenvironment:\n  COLOUR: blue\n'],
  ])('%s', (_, text, key, value, after) => expect(edit(text, key, value)).toBe(after))

  it("deer-flow's section keeps its own keys; Berth's go beside it", () => {
    const text = 'models: []\nsandbox:\n  use: x:Y # theirs\n  replicas: 2\n'
    expect(edit(text, 'replicas', 5)).toBe(text.replace('2', '5'))
    expect(edit(text, 'idle_timeout', 30)).toBe(`${text}  idle_timeout: 30\n`)
    expect(edit(text, 'capacity.mode', 'queue')).toContain('\ncapacity:\n  mode: queue\n')
  })

  it.each([
    ['a value that does not fit', 'replicas: 1\n', 'replicas', 'many', 'replicas'],
    ['a key that is none', '', 'replica', 2, 'replica'],
    ['what the environment sets', '', 'BERTH_HOST_BASE_DIR', '/x', 'environment'],
    ['a file that is not in order', 'replicas: [\n', 'replicas', 2, 'in order'],
    ['a part that stands elsewhere', 'x: &b {port: 7900}\nbridge: *b\n', 'bridge.listen', ['127.0.0.1'], 'editor'],
  ])('refuses %s', (_, text, key, value, hint) => {
    let error: unknown = null
    try {
      edit(text, key, value)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'BAD_CONFIG' })
    const { message, next } = error as { message: string; next: string }
    expect(`${message} ${next}`).toContain(hint)
  })

  it('keeps line ends and the mark at the beginning, whatever is edited', () => {
    const windows = `\ufeff${kept.replaceAll('\n', '\r\n')}`
    expect(edit(windows, 'replicas', 6)).toBe(windows.replace('replicas: 4', 'replicas: 6'))
    const added = edit(windows, 'idle_timeout', 60)
    expect(added.startsWith('\ufeff#')).toBe(true)
    expect(added).toContain('\r\nidle_timeout: 60\r\n')
    expect(added.replaceAll('\r\n', '')).not.toContain('\n')
    expect(added.slice(1).includes('\ufeff')).toBe(false)
  })

  it('a list keeps what was written beside the entries that stay', () => {
    const text =
      'mounts:\n  # of the whole team\n  - host_path: /a # ours\n    container_path: /a\n  # old\n  - host_path: /b\n    container_path: /b # b\n# The end.\n'
    const [a, b] = [
      { host_path: '/a', container_path: '/a' },
      { host_path: '/b', container_path: '/b' },
    ]
    const added = edit(text, 'mounts', [a, b, { host_path: '/c', container_path: '/c' }])
    for (const remark of ['# of the whole team', '# ours', '# old', '# b', '# The end.']) expect(added).toContain(remark)
    expect(edit(text.replace('# The end.\n', ''), 'mounts', [a, { ...b, host_path: '/b2', read_only: true }])).toBe(
      text.replace('# The end.\n', '').replace('host_path: /b\n', 'host_path: /b2\n').replace('# b\n', '# b\n    read_only: true\n'),
    )
    expect(edit(text, 'mounts', [b])).not.toContain('/a')
    expect(edit(text, 'mounts', [b])).toContain('# b')
  })

  it('says what is read only at a start', () => {
    expect(editConfig('', '/h/config.yaml', {}, 'bridge.port', 7900).restart).toBe(true)
    expect(editConfig('', '/h/config.yaml', {}, 'replicas', 2).restart).toBe(false)
  })
})
