/**
 * Characters that would hide what a name is: controls, and what turns the direction of text or joins unseen (Unicode's
 * Bidi_Control and Default_Ignorable in the ranges that matter), line separators, and lone surrogates.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu

/** A name in which everything can be seen: what could not is written as `\x1b` or `\u{202e}`. */
export function shownName(name: string): string {
  return name.replace(hidden, (one) => {
    const code = one.codePointAt(0) ?? 0
    if (one === '\n') return '\\n'
    if (one === '\t') return '\\t'
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** A name for a file on this computer. */
export function savedName(name: string): string {
  const clean = name.replace(hidden, '').replace(/[/\\:*?"<>|]/g, '_').replace(/^[. ]+|[. ]+$/g, '')
  return clean === '' ? 'file' : clean.slice(0, 200)
}
