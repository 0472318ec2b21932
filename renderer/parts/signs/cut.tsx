/** Head and tail of a text that may have to be cut: a UUID loses its middle always, anything else only where it does not fit. */
export function Cut({ text, tail = 5, className }: { text: string; /** Characters that stay at the end. */ tail?: number | undefined; className?: string | undefined }) {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
  const shown = uuid ? `${text.slice(0, 8)}…${text.slice(-5)}` : text
  const at = Math.max(0, shown.length - tail)
  return (
    <span className={className === undefined ? 'mid-cut' : `mid-cut ${className}`} title={text}>
      <span>{shown.slice(0, at)}</span><span>{shown.slice(at)}</span>
    </span>
  )
}
