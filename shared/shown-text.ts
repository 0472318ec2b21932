/**
 * Characters that would hide what a text is, or be obeyed by a terminal: controls, and what turns the direction of text or
 * joins unseen (Unicode's Bidi_Control and Default_Ignorable in the ranges that matter), line separators, and lone surrogates.
 */
export const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu

/** A text in which everything can be seen and nothing acts: what could not is written as `\x1b` or `\u{202e}`. `keep`: but not these. */
export function shownText(text: string, keep = ''): string {
  return text.replace(hidden, (one) => {
    if (keep.includes(one)) return one
    const code = one.codePointAt(0) ?? 0
    if (one === '\n') return '\\n'
    if (one === '\t') return '\\t'
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}
