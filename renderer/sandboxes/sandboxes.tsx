import { useHouse } from '../frame/house/use-house.ts'
import { useFootKeys } from '../frame/window/foot-keys.ts'
import { Page } from '../frame/window/page.tsx'
import { Button } from '../parts/buttons/button.tsx'
import { sandboxesWords } from '../words/sandboxes.ts'
import { useDeeds } from './deeds/deeds.ts'
import { ListScreen } from './list/list-screen.tsx'
import { HouseNotes } from './notes/house-notes.tsx'
import { EngineMissing } from './pages/engine-missing.tsx'
import { FirstRun } from './pages/first-run.tsx'

/** The home screen: the list, or why there is none. */
export function Sandboxes() {
  const deeds = useDeeds()
  const [none, missing] = useHouse(({ house, sandboxes }) => {
    const empty = Object.keys(sandboxes).length === 0
    return [empty, empty && (house.backend.kind === 'none' || !house.backend.reachable)]
  })
  useFootKeys(none && !missing ? [['n', sandboxesWords.add]] : [])
  if (missing) return <Page title={sandboxesWords.title}><EngineMissing /></Page>
  if (!none) return <ListScreen />
  return (
    <Page title={sandboxesWords.title} end={<Button icon="plus" onClick={() => deeds.create()}><span className="label">{sandboxesWords.add}</span></Button>}>
      <HouseNotes />
      <FirstRun />
    </Page>
  )
}
