import { hashOf } from '../../frame/route.ts'
import { Button } from '../../parts/buttons/button.tsx'
import { CopyButton } from '../../parts/buttons/copy-button.tsx'
import { Cut } from '../../parts/signs/cut.tsx'
import { tabWords } from '../../words/tabs.ts'
import type { Details } from '../use-details.ts'
import { useReveal } from '../use-reveal.ts'

const words = tabWords.overview

/** Where the thread's three directories are on this computer. */
export function FilesSection({ id, details }: { id: string; details: Details | null }) {
  const { label, icon, reveal } = useReveal()
  const mounts = details?.mounts.filter(({ kind }) => kind === 'workspace' || kind === 'uploads' || kind === 'outputs') ?? []
  return (
    <section className="section" aria-labelledby="where">
      <h2 id="where">{words.files}<span className="end"><a className="small" href={hashOf(['sandboxes', id, 'mounts'])}>{words.allMounts}</a></span></h2>
      <table className="table inset paths" aria-labelledby="where">
        <tbody>
          {mounts.map((mount) => (
            <tr key={mount.container}>
              <th scope="row" className="c-in"><code>{mount.container}</code></th>
              <td className="mid"><code><Cut text={mount.host} tail={mount.container.length - '/mnt'.length} /></code></td>
              <td className="c-acts">
                <Button kind="quiet" small icon={icon} title={mount.host} onClick={() => reveal(mount.host)}><span className="label">{label}</span></Button>
                {icon === 'copy' ? null : <CopyButton text={mount.host} label={tabWords.mounts.copyPath} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
