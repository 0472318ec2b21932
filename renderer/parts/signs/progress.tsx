/** How far. `total` null: it is not known how much there is, and no bar pretends to know. */
export function Progress({ done, total, label }: { done: number | null; total: number | null; label: string }) {
  const known = done !== null && total !== null && total > 0
  const share = known ? Math.min(1, done / total) : 0
  return (
    <span
      className={`progress${known ? (share >= 1 ? ' done' : '') : ' wait'}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={known ? Math.round(share * 100) : undefined}
    >
      <i style={{ width: `${share * 100}%` }} />
    </span>
  )
}
