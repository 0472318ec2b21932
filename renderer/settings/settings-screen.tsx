import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useCommand } from '../commands/command.ts'
import { useEndpoint, useHouse, useNative, useTopic } from '../state/contexts.ts'
import { useFootKeys } from '../commands/foot-keys.ts'
import { Page } from '../parts/page.tsx'
import { Button } from '../parts/buttons.tsx'
import { Empty, Note } from '../parts/blocks.tsx'
import { Field, SearchField, SelectField } from '../parts/fields.tsx'
import { useToast } from '../parts/toasts.ts'
import { settingsWords as words } from './settings.words.ts'
import { AppSettings } from './app-settings.tsx'
import { useRoute } from '../state/page-address.ts'
import { type ConfigValue, matchesApp, parsed, type Setting, shown, visible } from './settings.logic.ts'
import type { CallResult } from '../../shared/contract.ts'
import { asBerthError, type ErrorData, toErrorData } from '../../shared/errors.ts'
import { Icon, Mark } from '../parts/indicators.tsx'

/** What is in force and why. */
export function SettingsScreen() {
  const { config, problem, set } = useConfig()
  const native = useNative()
  const toast = useToast()
  const house = useHouse((state) => state.house)
  const field = useRef<HTMLInputElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const asked = useRoute().query['find']
  const [search, setSearch] = useState(asked ?? '')
  // The palette leads to one setting, also from here.
  useEffect(() => {
    if (asked !== undefined) setSearch(asked)
  }, [asked])
  const values = useMemo(() => new Map((config?.values ?? []).map((row) => [row.key, row])), [config])
  const shown = useMemo(() => visible(values, search), [values, search])
  const path = config?.file ?? `${house.home}/config.yaml`
  const ofApp = matchesApp(search)
  const places = [...(ofApp ? [{ id: 'app', title: words.app.title }] : []), ...shown.map(({ id, title }) => ({ id, title }))]
  const [reached, setReached] = useState<string | null>(null)
  const at = places.some(({ id }) => id === reached) ? reached : (places[0]?.id ?? null)
  // What the configuration leaves to the first start is known by now.
  const inForce: Readonly<Record<string, string>> = { 'bridge.port': new URL(house.url).port, 'bridge.sandbox_port': String(house.sandbox_port) }
  useCommand({ id: 'filter', title: words.find, icon: 'search', keys: ['/'], run: () => field.current?.focus() })
  useFootKeys([
    ['Enter', 'Save', 'field'],
    ['Escape', 'Put back', 'field'],
  ])

  async function show(): Promise<void> {
    if (await native.reveal(path)) return
    await native.copy(path)
    toast({ title: words.copied(path) })
  }

  return (
    <Page
      title={words.title}
      beside={
        <p className="dim cut">
          {words.edits} <code>{path}</code>; {words.stay}
        </p>
      }
      end={
        <>
          <SearchField ref={field} label={words.find} placeholder={words.find} keys="/" value={search} onChange={setSearch} />
          <Button icon={native.kind === 'electron' ? 'reveal' : 'copy'} onClick={() => void show()}>
            <span className="label">{native.kind === 'electron' ? words.openFile : words.copyPath}</span>
          </Button>
        </>
      }
    >
      <div className="settings">
        <nav className="toc" aria-label={words.sections}>
          <ul>
            {places.map(({ id, title }) => (
              <li key={id}>
                <a
                  aria-current={id === at ? 'location' : undefined}
                  href={`#/settings?at=${id}`}
                  onClick={(event) => {
                    event.preventDefault()
                    body.current?.querySelector(`#set-${id}`)?.scrollIntoView()
                    setReached(id)
                  }}
                >
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="scroll" ref={body} onScroll={({ currentTarget }) => setReached(sectionAt(currentTarget))}>
          {problem ? (
            <Note kind="bad" title={problem.message}>
              {problem.next}
            </Note>
          ) : null}
          {house.config.error === null ? null : (
            <Note kind="bad" live title={words.error}>
              {house.config.error} {words.errorWhy}
            </Note>
          )}
          {config?.warnings.map((text) => (
            <Note key={text} kind="warn" title={text} />
          ))}
          <table className="table prefs" aria-label={words.title}>
            <thead>
              <tr>
                <th scope="col" className="c-name">
                  {words.setting}
                </th>
                <th scope="col" className="c-val">
                  {words.value}
                </th>
                <th scope="col">
                  <span className="sr">{words.what}</span>
                </th>
                <th scope="col" className="c-def">
                  {words.default}
                </th>
                <th scope="col" className="c-src">
                  {words.source}
                </th>
              </tr>
            </thead>
            {ofApp ? <AppSettings /> : null}
            {shown.map((section) => (
              <tbody key={section.id} id={`set-${section.id}`}>
                <tr className="head">
                  <th colSpan={5} scope="rowgroup">
                    <h2>{section.title}</h2>
                  </th>
                </tr>
                {section.settings.map((setting) => (
                  <SettingRow key={setting.key} setting={setting} values={values} inForce={inForce[setting.key]} set={set} />
                ))}
              </tbody>
            ))}
          </table>
          {config !== null && shown.length === 0 && !ofApp ? <Empty title={words.noMatch} /> : null}
        </div>
      </div>
    </Page>
  )
}

/** The section whose rows stand at the top of the view; at the very end the last one. */
function sectionAt(view: HTMLElement): string | null {
  const parts = [...view.querySelectorAll<HTMLElement>('tbody[id^="set-"]')]
  const end = view.scrollTop + view.clientHeight >= view.scrollHeight - 2
  const top = view.getBoundingClientRect().top + 48
  const found = end ? parts.at(-1) : (parts.findLast((part) => part.getBoundingClientRect().top <= top) ?? parts[0])
  return found?.id.replace('set-', '') ?? null
}

export type Config = CallResult<'config'>

/** The configuration in force: read anew when its file was edited, by whomever. */
export function useConfig(): { config: Config | null; problem: ErrorData | null; set: (key: string, value: unknown) => Promise<CallResult<'config_set'>> } {
  const endpoint = useEndpoint()
  const error = useHouse(({ house }) => house.config.error)
  const [config, setConfig] = useState<Config | null>(null)
  const [problem, setProblem] = useState<ErrorData | null>(null)
  const read = useCallback(async () => {
    try {
      setConfig(await endpoint.call('config', {}))
      setProblem(null)
    } catch (thrown) {
      setProblem(toErrorData(asBerthError(thrown)))
    }
  }, [endpoint])
  useEffect(() => void read(), [read, error])
  useTopic(
    'events',
    { limit: 0 },
    {
      event({ events }) {
        if (events.some(({ type }) => type.startsWith('config.'))) void read()
      },
    },
  )
  const set = useCallback((key: string, value: unknown) => endpoint.call('config_set', { key, value }), [endpoint])
  return { config, problem, set }
}

export interface SettingControlProps {
  readonly setting: Setting
  readonly value: string
  readonly raw: unknown
  readonly values: ReadonlyMap<string, ConfigValue>
  /** What stands in for a value that is not set. */
  readonly inForce?: string | undefined
  readonly locked: boolean
  readonly error: string | null
  readonly onDraft: (text: string) => void
  readonly onSave: () => void
  readonly onPick: (value: unknown) => void
  readonly onRevert: () => void
}

export function SettingControl({ setting, value, raw, values, inForce, locked, error, onDraft, onSave, onPick, onRevert }: SettingControlProps) {
  const { as, label } = setting
  if (as.kind === 'choice') {
    const options = as.options.map(([option, name]) => ({ value: option, label: name }))
    return (
      <>
        <SelectField
          label={label}
          value={value}
          disabled={locked}
          onChange={onPick}
          options={options.some((one) => one.value === value) ? options : [...options, { value, label: value }]}
        />
        {error === null ? null : (
          <p className="problem" role="alert">
            <Mark name="failed" />
            <span>{error}</span>
          </p>
        )}
      </>
    )
  }
  if (as.kind === 'file') return <Lines lines={linesOf(setting.key, raw, values)} />
  return (
    <Field
      label={label}
      num={as.kind === 'number'}
      unit={as.kind === 'number' ? as.unit : undefined}
      value={value}
      locked={locked}
      error={error}
      placeholder={setting.optional ? (inForce === undefined ? words.notSet : words.inForce(inForce)) : undefined}
      onChange={onDraft}
      onSave={onSave}
      onRevert={onRevert}
      onBlur={onSave}
    />
  )
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <span className="mid small">
      {lines.length === 0
        ? words.nothing
        : lines.map((line) => (
            <code key={line} className="cut" title={line}>
              {line}
            </code>
          ))}{' '}
      <span className="dim">{words.fileOnly}</span>
    </span>
  )
}

function linesOf(key: string, raw: unknown, values: ReadonlyMap<string, ConfigValue>): readonly string[] {
  const inner = [...values.values()].filter((row) => row.key.startsWith(`${key}.`))
  if (inner.length > 0) return inner.map((row) => `${row.key.slice(key.length + 1)}=${shown(row.value)}`)
  if (Array.isArray(raw)) return raw.map(shown)
  const text = shown(raw)
  return text === '' || text === '{}' ? [] : [text]
}

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
      <th scope="row">
        <span className="label">{setting.label}</span>
        <code className="dim">{setting.key}</code>
      </th>
      <td className="c-val">
        <SettingControl
          setting={setting}
          value={draft ?? value}
          raw={row?.value}
          values={values}
          inForce={inForce}
          locked={locked}
          error={error}
          onDraft={setDraft}
          onSave={saveDraft}
          onPick={(next) => void save(next)}
          onRevert={() => {
            setDraft(null)
            setError(null)
          }}
        />
      </td>
      <td className="c-help mid">{setting.help}</td>
      <td className="c-def mid">{shown(row?.default) || <span className="dim">{words.nothing}</span>}</td>
      <td className="c-src">
        <span role="status">
          {saved ? (
            <span className="saved">
              <Icon name="check" />
              {words.saved}
            </span>
          ) : null}
        </span>
        {saved ? null : locked ? (
          <span className="src-env">
            <Icon name="lock" />
            {words.fromEnvironment}
          </span>
        ) : row?.source === 'file' ? (
          <>
            <span>config.yaml</span>{' '}
            {setting.as.kind === 'file' ? null : (
              <Button small onClick={() => void save(null)}>
                {words.putBack}
              </Button>
            )}
          </>
        ) : (
          <span className="dim">{words.fromDefault}</span>
        )}
      </td>
    </tr>
  )
}
