/** Threads and holders that never come back must not fill memory: the oldest are forgotten. */
const most = 1000

/** Keeps a value as the youngest of a map of bounded size. */
export function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id)
  map.set(id, value)
  for (const oldest of map.keys()) if (map.size > most) map.delete(oldest)
}
