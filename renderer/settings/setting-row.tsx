import { useEffect, useState } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { Button } from '../parts/buttons/button.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { Icon } from '../parts/signs/icon.tsx'
import { settingsWords as words } from '../words/settings.ts'
import { SettingControl } from './setting-control.tsx'
import { parsed, shown, type ConfigValue, type Setting } from './settings.logic.ts'

export interface SettingRowProps {
  readonly setting: Setting
  readonly values: ReadonlyMap<string, ConfigValue>
  readonly inForce?: string | undefined
  readonly set: (key: string, value: unknown) => Promise<{ restart: boolean }>
}

/** One setting: what is in force, its default, and where it was set. Enter saves, Esc puts back. */
export function SettingRow({ setting, values, inForce, set }: SettingRowProps) {
  const toast = useToast()
  const row = values.get(setting.key)
  const locked = row?.source === 'environment'
  const [draft, setDraft] = useState<string | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [saved, setSaved] = useState(false)
  useEffect(() => {
    if (!saved) return undefined
    const said = setTimeout(() => setSaved(false), 2500)
    return () => clearTimeout(said)
  }, [saved])
  const value = shown(row?.value)
  // A value that came from elsewhere meanwhile is the one to start from.
  useEffect(() => setDraft(null), [value])

  async function save(next: unknown): Promise<void> {
    try {
      const { restart } = await set(setting.key, next)
      setError(null)
      setSaved(true)
      if (restart) toast({ title: words.restart })
    } catch (thrown) {
      setError(asBerthError(thrown).message)
    }
  }

  function saveDraft(): void {
    if (draft === null || draft === value) {
      setDraft(null)
      setError(null)
      return
    }
    const read = parsed(setting, draft)
    if ('error' in read) setError(read.error)
    else void save(read.value)
  }

  return (
    <tr className={[error === null ? '' : 'is-bad', locked ? 'is-env' : ''].join(' ').trim() || undefined}>
      <th scope="row"><span className="label">{setting.label}</span><code className="dim">{setting.key}</code></th>
      <td className="c-val">
        <SettingControl
          setting={setting} value={draft ?? value} raw={row?.value} values={values} inForce={inForce} locked={locked} error={error}
          onDraft={setDraft} onSave={saveDraft} onPick={(next) => void save(next)}
          onRevert={() => {
            setDraft(null)
            setError(null)
          }}
        />
      </td>
      <td className="c-help mid">{setting.help}</td>
      <td className="c-def mid">{shown(row?.default) || <span className="dim">{words.nothing}</span>}</td>
      <td className="c-src">
        <span role="status">{saved ? <span className="saved"><Icon name="check" />{words.saved}</span> : null}</span>
        {saved ? null : locked ? <span className="src-env"><Icon name="lock" />{words.fromEnvironment}</span>
          : row?.source === 'file' ? <><span>config.yaml</span> {setting.as.kind === 'file' ? null : <Button small onClick={() => void save(null)}>{words.putBack}</Button>}</>
          : <span className="dim">{words.fromDefault}</span>}
      </td>
    </tr>
  )
}
