/** Measures when first asked, and then keeps what it found: several checks look at the same thing. */
export function once<T>(measure: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null
  return () => (kept ??= measure())
}
