/** The code in what somebody pasted: a whole link, its fragment, or the code alone. */
export function codeOf(pasted: string): string | null {
  const text = pasted.trim()
  const inLink = /#login=([^&\s]+)/.exec(text)?.[1]
  if (inLink !== undefined) return decodeURIComponent(inLink)
  return /^[\w-]{8,200}$/.test(text) ? text : null
}
