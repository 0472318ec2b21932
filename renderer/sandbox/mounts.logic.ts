import type { MountRow } from '../../shared/calls/desktop-calls.ts'

/** A path of one side as a path of the other; `kept`: it outlives the sandbox. */
export type Translation =
  | { readonly to: 'host' | 'container'; readonly path: string; readonly mount: MountRow }
  | { readonly to: null; readonly why: 'nowhere' | 'not-kept' | 'incomplete' }

/** Where a file of the sandbox is on this computer, or the other way round; the longest mount that holds it decides. */
export function translate(path: string, mounts: readonly MountRow[]): Translation {
  const asked = path.trim().replace(/[/\\]+$/, '')
  if (asked === '' || !/^(\/|[A-Za-z]:[/\\]|~)/.test(asked)) return { to: null, why: 'incomplete' }
  const inside = longest(asked, mounts, (mount) => mount.container, '/')
  if (inside) return { to: 'host', path: joined(inside.mount.host, inside.rest, separatorOf(inside.mount.host)), mount: inside.mount }
  const outside = longest(asked, mounts, (mount) => mount.host, null)
  if (outside) return { to: 'container', path: joined(outside.mount.container, outside.rest, '/'), mount: outside.mount }
  return { to: null, why: asked.startsWith('/mnt/') || /^\/(?:home|tmp|root|var|usr|etc|opt)(?:\/|$)/.test(asked) ? 'not-kept' : 'nowhere' }
}

function longest(
  path: string,
  mounts: readonly MountRow[],
  side: (mount: MountRow) => string,
  separator: '/' | null,
): { mount: MountRow; rest: readonly string[] } | null {
  let found: { mount: MountRow; rest: readonly string[]; length: number } | null = null
  for (const mount of mounts) {
    const root = side(mount).replace(/[/\\]+$/, '')
    const cut = separator ?? separatorOf(root)
    if (path !== root && !path.startsWith(`${root}${cut}`)) continue
    if (found && found.length >= root.length) continue
    found = {
      mount,
      rest: path
        .slice(root.length)
        .split(/[/\\]/)
        .filter((part) => part !== ''),
      length: root.length,
    }
  }
  return found
}

const separatorOf = (path: string): '/' | '\\' => (path.includes('\\') ? '\\' : '/')
const joined = (root: string, rest: readonly string[], separator: string): string => [root.replace(/[/\\]+$/, ''), ...rest].join(separator)
