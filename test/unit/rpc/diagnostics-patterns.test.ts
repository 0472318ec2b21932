import { describe, expect, it } from 'vitest'
import { withoutPatterns } from '../../../main/engine/screen-calls.ts'

describe('withoutPatterns', () => {
  it.each([
    [`token e2b_${'0a'.repeat(20)}!`, 'token [secret]!'],
    [`key bu_${'Zx-9'.repeat(8)} of a browser`, 'key [secret] of a browser'],
    ['http://127.0.0.1:7879/s/0123456789abcdef.00112233445566778899aabbccddeeff/v1/x', 'http://127.0.0.1:7879/s/0123456789abcdef.[secret]/v1/x'],
    ['proxy http://user:pass@proxy:3128/ and https://token@host/x', 'proxy http://[secret]@proxy:3128/ and https://[secret]@host/x'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\nAAAA\n-----END RSA PRIVATE KEY-----\nrest', '[secret]\nrest'],
    ['cut -----BEGIN PRIVATE KEY-----\nMIIE', 'cut [secret]'],
    ['mail a@b.c, http://host/path@2, sha256:00112233445566778899aabbccddeeff', 'mail a@b.c, http://host/path@2, sha256:00112233445566778899aabbccddeeff'],
  ])('%j', (text, shown) => expect(withoutPatterns(text)).toBe(shown))
})
