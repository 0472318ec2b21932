/** A page that crashes is loaded again, but not for ever: three times in a minute, then a person decides. */
export function reloadAfterCrash(crashes: readonly number[], now: number): { reload: boolean; crashes: readonly number[] } {
  const recent = [...crashes.filter((at) => now - at < 60_000), now]
  return { reload: recent.length <= 3, crashes: recent }
}
