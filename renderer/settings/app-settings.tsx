import { type ReactNode, useEffect, useState } from 'react'
import { asBerthError, type BerthError } from '../../shared/errors.ts'
import { useCommand } from '../commands/command.ts'
import { useEndpoint, useHouse, useNative } from '../state/contexts.ts'
import { useTheme } from '../state/theme.ts'
import { Button, Segments } from '../parts/buttons.tsx'
import { Switch } from '../parts/fields.tsx'
import { useToast } from '../parts/toasts.ts'
import { settingsWords } from './settings.words.ts'
import type { ShellSettings } from '../transport/native.ts'
import type { CallResult } from '../../shared/contract.ts'
import { Code, Note } from '../parts/blocks.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { sayDoctor } from '../../shared/say-next.ts'
import { Mark, type MarkName } from '../parts/indicators.tsx'

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
      <tr className="head">
        <th colSpan={5} scope="rowgroup">
          <h2>{words.title}</h2>
        </th>
      </tr>
      <AppRow label={words.theme}>
        <Segments
          label={words.theme}
          value={theme}
          onChange={choose}
          options={[
            { value: 'system', label: words.system },
            { value: 'light', label: words.light },
            { value: 'dark', label: words.dark },
          ]}
        />
      </AppRow>
      {shell && facts && facts.login !== null ? (
        <AppRow label={words.login}>
          <Switch label={words.login} checked={facts.login} onChange={(on) => void shell.setLogin(on).then(again, failed)} />
        </AppRow>
      ) : null}
      {shell && facts ? (
        <AppRow label={words.command} help={facts.command === null ? undefined : words.installed(facts.command)}>
          <Button small onClick={() => void shell.installCommand().then(again, failed)}>
            {words.install}
          </Button>
        </AppRow>
      ) : null}
      <AppRow label={words.doctor}>
        <Button small onClick={() => setShown('doctor')}>
          {words.run}
        </Button>
      </AppRow>
      <AppRow label={words.report}>
        <Button small onClick={() => setShown('diagnostics')}>
          {words.diagnostics}
        </Button>
      </AppRow>
      <AppRow label={words.version} help={words.releases}>
        <span className="mid">
          {version}
          {facts ? ` · Electron ${facts.electron}` : ''}
        </span>
      </AppRow>
      {shown === 'doctor' ? <DoctorDialog onClose={() => setShown(null)} /> : null}
      {shown === 'diagnostics' ? <DiagnosticsDialog onClose={() => setShown(null)} /> : null}
    </tbody>
  )
}

function AppRow({ label, help, children }: { label: string; help?: string | undefined; children: ReactNode }) {
  return (
    <tr>
      <th scope="row">
        <span className="label">{label}</span>
      </th>
      <td className="c-val">{children}</td>
      <td className="c-help mid" colSpan={3}>
        {help}
      </td>
    </tr>
  )
}

const diagnosticsDialogWords = settingsWords.diagnostics

/** What a report of a problem needs: shown before it is saved. */
function DiagnosticsDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const native = useNative()
  const [made, setMade] = useState<CallResult<'diagnostics'> | null>(null)
  const [problem, setProblem] = useState<BerthError | null>(null)
  useEffect(() => {
    endpoint.call('diagnostics', {}).then(setMade, (error: unknown) => setProblem(asBerthError(error)))
  }, [endpoint])
  async function save(): Promise<void> {
    if (!made) return
    try {
      if (await native.saveText(made.name, made.text)) onClose()
    } catch (thrown) {
      setProblem(asBerthError(thrown))
    }
  }
  return (
    <Dialog
      open
      title={diagnosticsDialogWords.title}
      about={diagnosticsDialogWords.about}
      onClose={onClose}
      className="wide"
      actions={
        <>
          <Button safe onClick={onClose}>
            {diagnosticsDialogWords.close}
          </Button>
          <Button kind="primary" disabled={made === null} onClick={() => void save()}>
            {diagnosticsDialogWords.save}
          </Button>
        </>
      }
    >
      {problem ? (
        <Note kind="bad" title={problem.message}>
          {problem.next}
        </Note>
      ) : null}
      {made === null ? (
        <p className="dim">{diagnosticsDialogWords.making}</p>
      ) : (
        <div className="report">
          <Code text={made.text} label={diagnosticsDialogWords.title} />
        </div>
      )}
    </Dialog>
  )
}

const doctorDialogWords = settingsWords.doctor
const marks: Readonly<Record<'ok' | 'warn' | 'fail' | 'skip', MarkName>> = { ok: 'gone', warn: 'unknown', fail: 'failed', skip: 'slot' }

/** Everything that a sandbox needs, measured now; what is wrong stands first, with its fix. */
function DoctorDialog({ onClose }: { onClose: () => void }) {
  const endpoint = useEndpoint()
  const [report, setReport] = useState<CallResult<'doctor'> | null>(null)
  const [problem, setProblem] = useState<BerthError | null>(null)
  useEffect(() => {
    endpoint.call('doctor', {}).then(setReport, (error: unknown) => setProblem(asBerthError(error)))
  }, [endpoint])
  const order = ['fail', 'warn', 'ok', 'skip']
  const checks = [...(report?.checks ?? [])].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status))
  return (
    <Dialog
      open
      title={doctorDialogWords.title}
      about={report === null ? doctorDialogWords.running : sayDoctor(report.checks)}
      onClose={onClose}
      actions={
        <Button safe onClick={onClose}>
          {doctorDialogWords.close}
        </Button>
      }
    >
      {problem ? (
        <Note kind="bad" title={problem.message}>
          {problem.next}
        </Note>
      ) : null}
      {/* It scrolls, so a keyboard must get into it. */}
      <ul className="doctor" tabIndex={0} aria-label={doctorDialogWords.title}>
        {checks.map(({ name, status, text, fix }) => (
          <li key={name}>
            <span className={`status ${marks[status]}`}>
              <Mark name={marks[status]} />
              <span className="sr">{status}: </span>
              {name}
            </span>{' '}
            <span className="mid">{text}</span>
            {fix === null || status === 'ok' ? null : <Code text={fix} label={name} />}
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
