import { useEffect, useState, type ReactNode } from 'react'
import { asBerthError } from '../../shared/errors.ts'
import { useCommand } from '../frame/commands/use-command.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useTheme } from '../frame/theme.ts'
import { Button } from '../parts/buttons/button.tsx'
import { Segments } from '../parts/buttons/segments.tsx'
import { Switch } from '../parts/fields/switch.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { settingsWords } from '../words/settings.ts'
import type { ShellSettings } from '../transport/native.ts'
import { DiagnosticsDialog } from './diagnostics-dialog.tsx'
import { DoctorDialog } from './doctor-dialog.tsx'

const words = settingsWords.app

type ShellFacts = Awaited<ReturnType<ShellSettings['read']>>

/** What belongs to this page or window, and not to the engine. */
export function AppSettings() {
  const { theme, choose } = useTheme()
  const native = useNative()
  const toast = useToast()
  const version = useHouse((state) => state.house.version)
  const [facts, setFacts] = useState<ShellFacts | null>(null)
  const [shown, setShown] = useState<'doctor' | 'diagnostics' | null>(null)
  const { shell } = native
  useCommand({ id: 'doctor', title: words.run, hidden: true, run: () => setShown('doctor') })
  const failed = (thrown: unknown) => {
    const error = asBerthError(thrown)
    toast({ title: error.message, detail: error.next, status: 'failed', stay: true })
  }
  useEffect(() => {
    shell?.read().then(setFacts, () => setFacts(null)) // The shell's own settings are then not offered.
  }, [shell])
  const again = () => shell?.read().then(setFacts)
  return (
    <tbody id="set-app">
      <tr className="head"><th colSpan={5} scope="rowgroup"><h2>{words.title}</h2></th></tr>
      <AppRow label={words.theme}>
        <Segments label={words.theme} value={theme} onChange={choose} options={[{ value: 'system', label: words.system }, { value: 'light', label: words.light }, { value: 'dark', label: words.dark }]} />
      </AppRow>
      {shell && facts && facts.login !== null ? (
        <AppRow label={words.login}><Switch label={words.login} checked={facts.login} onChange={(on) => void shell.setLogin(on).then(again, failed)} /></AppRow>
      ) : null}
      {shell && facts ? (
        <AppRow label={words.command} help={facts.command === null ? undefined : words.installed(facts.command)}>
          <Button small onClick={() => void shell.installCommand().then(again, failed)}>{words.install}</Button>
        </AppRow>
      ) : null}
      <AppRow label={words.doctor}><Button small onClick={() => setShown('doctor')}>{words.run}</Button></AppRow>
      <AppRow label={words.report}><Button small onClick={() => setShown('diagnostics')}>{words.diagnostics}</Button></AppRow>
      <AppRow label={words.version} help={words.releases}><span className="mid">{version}{facts ? ` · Electron ${facts.electron}` : ''}</span></AppRow>
      {shown === 'doctor' ? <DoctorDialog onClose={() => setShown(null)} /> : null}
      {shown === 'diagnostics' ? <DiagnosticsDialog onClose={() => setShown(null)} /> : null}
    </tbody>
  )
}

function AppRow({ label, help, children }: { label: string; help?: string | undefined; children: ReactNode }) {
  return <tr><th scope="row"><span className="label">{label}</span></th><td className="c-val">{children}</td><td className="c-help mid" colSpan={3}>{help}</td></tr>
}
