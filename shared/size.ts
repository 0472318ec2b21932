/** `512m`, `2g`, `1.5gb` or a number of bytes, already checked by the configuration's schema. */
export function parseSize(size: number | string): number {
  if (typeof size === 'number') return size
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(size)
  if (!match) throw new RangeError(`not a size: ${size}`)
  return Math.round(Number(match[1]) * 1024 ** ' kmgt'.indexOf(match[2]?.toLowerCase() || ' '))
}
