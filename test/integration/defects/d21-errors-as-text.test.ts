import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse } from './with-house.ts'

needs('docker', 'lite-image').describe('D21: errors are errors, and text is text', () => {
  it('exit codes are kept, a missing file is no content, and a file that begins with “Error:” is a file', async () => {
    await withHouse({}, async ({ engine }) => {
      const path = '/mnt/user-data/workspace/log'
      await engine.call('acquire', { thread: 't' })
      expect(await engine.call('exec', { thread: 't', command: 'echo out; echo err >&2; exit 7' })).toMatchObject({
        exit_code: 7,
        status: 'completed',
        stdout: 'out\n',
        stderr: 'err\n',
      })
      expect(await engine.call('exec', { thread: 't', command: 'true' })).toMatchObject({ exit_code: 0, stdout: '' })

      await expect(engine.call('read', { thread: 't', path })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
      await expect(engine.call('write', { thread: 't', path: '/proc/version', content: 'x' })).rejects.toMatchObject({ code: expect.stringMatching(/^FILE_/) })
      await engine.call('write', { thread: 't', path, content: 'Error: not one\n' })
      await engine.call('write', { thread: 't', path, content: 'second line\n', append: true })
      expect(await engine.call('read', { thread: 't', path })).toMatchObject({ content: 'Error: not one\nsecond line\n' })
    })
  })
})
