import { useEffect, useMemo, useRef, useState } from 'react'
import { useCommand } from '../frame/commands/use-command.ts'
import { useNative } from '../frame/house/contexts.ts'
import { useHouse } from '../frame/house/use-house.ts'
import { useFootKeys } from '../frame/window/foot-keys.ts'
import { Page } from '../frame/window/page.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { Empty } from '../parts/blocks/empty.tsx'
import { Note } from '../parts/blocks/note.tsx'
import { SearchField } from '../parts/fields/search-field.tsx'
import { useToast } from '../parts/floats/toasts.ts'
import { settingsWords as words } from '../words/settings.ts'
import { AppSettings } from './app-settings.tsx'
import { SettingRow } from './setting-row.tsx'
import { useRoute } from '../frame/route.ts'
import { matchesApp, visible } from './settings.logic.ts'
import { useConfig } from './use-config.ts'

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
  const at = places.some(({ id }) => id === reached) ? reached : places[0]?.id ?? null
  // What the configuration leaves to the first start is known by now.
  const inForce: Readonly<Record<string, string>> = { 'bridge.port': new URL(house.url).port, 'bridge.sandbox_port': String(house.sandbox_port) }
  useCommand({ id: 'filter', title: words.find, icon: 'search', keys: ['/'], run: () => field.current?.focus() })
  useFootKeys([['Enter', 'Save', 'field'], ['Escape', 'Put back', 'field']])

  async function show(): Promise<void> {
    if (await native.reveal(path)) return
    await native.copy(path)
    toast({ title: words.copied(path) })
  }

  return (
    <Page
      title={words.title} beside={<p className="dim cut">{words.edits} <code>{path}</code>; {words.stay}</p>}
      end={<>
        <SearchField ref={field} label={words.find} placeholder={words.find} keys="/" value={search} onChange={setSearch} />
        <Button icon={native.kind === 'electron' ? 'reveal' : 'copy'} onClick={() => void show()}><span className="label">{native.kind === 'electron' ? words.openFile : words.copyPath}</span></Button>
      </>}
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
          {problem ? <Note kind="bad" title={problem.message}>{problem.next}</Note> : null}
          {house.config.error === null ? null : <Note kind="bad" live title={words.error}>{house.config.error} {words.errorWhy}</Note>}
          {config?.warnings.map((text) => <Note key={text} kind="warn" title={text} />)}
          <table className="table prefs" aria-label={words.title}>
            <thead>
              <tr>
                <th scope="col" className="c-name">{words.setting}</th><th scope="col" className="c-val">{words.value}</th><th scope="col"><span className="sr">{words.what}</span></th>
                <th scope="col" className="c-def">{words.default}</th><th scope="col" className="c-src">{words.source}</th>
              </tr>
            </thead>
            {ofApp ? <AppSettings /> : null}
            {shown.map((section) => (
              <tbody key={section.id} id={`set-${section.id}`}>
                <tr className="head"><th colSpan={5} scope="rowgroup"><h2>{section.title}</h2></th></tr>
                {section.settings.map((setting) => <SettingRow key={setting.key} setting={setting} values={values} inForce={inForce[setting.key]} set={set} />)}
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
  const found = end ? parts.at(-1) : parts.findLast((part) => part.getBoundingClientRect().top <= top) ?? parts[0]
  return found?.id.replace('set-', '') ?? null
}
