/** Where a browser tab remembers up to which time a sandbox's log was cleared. */
export function clearedKey(id: string): string {
  return `berth.log-cleared.${id}`
}
