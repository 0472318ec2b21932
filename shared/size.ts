/** `512m`, `2g`, `1.5gb` or a number of bytes, already checked by the configuration's schema. */
export function parseSize(size: number | string): number {
  if (typeof size === 'number') return size
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(size)
  if (!match) throw new RangeError(`not a size: ${size}`)
  return Math.round(Number(match[1]) * 1024 ** ' kmgt'.indexOf(match[2]?.toLowerCase() || ' '))
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes for a person: `512 B`, `1.5 MiB`. `wholeFrom`: as many of a unit have no decimal any more. */
export function sizeText(bytes: number, wholeFrom: number): string {
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${unit === 0 || size >= wholeFrom ? Math.round(size) : size.toFixed(1)} ${units[unit]}`
}
