import { expect, test } from 'vitest'
import { configText } from '../../../main/house/config/yaml-file.ts'

test.each([
  ['UTF-16', Buffer.from('\ufeffreplicas: 3\n', 'utf16le'), /UTF-16/],
  ['Latin-1', Buffer.from('# a\n# M\u00fcller\n', 'latin1'), /:2: a letter is not UTF-8/],
])('%s is refused in words, and never read as other letters', (_name, bytes, message) => {
  expect(() => configText(bytes, '/h/config.yaml')).toThrow(expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(message) }))
})

test('UTF-8 comes as it is, with its mark', () => {
  expect(configText(Buffer.from('\ufeff# Müller\r\n', 'utf8'), '/h/config.yaml')).toBe('\ufeff# Müller\r\n')
})
