import { useHouse } from '../state/contexts.ts'
import { useFootKeys } from '../commands/foot-keys.ts'
import { Page } from '../parts/page.tsx'
import { Button } from '../parts/buttons.tsx'
import { sandboxesWords } from '../words/sandboxes.ts'
import { useSandboxActions } from '../actions/actions.ts'
import { ListScreen } from './list/list-screen.tsx'
import { HouseNotes } from './notes.tsx'
import { EngineMissing, FirstRun } from './first-run.tsx'
import { backendKinds } from '../../shared/backends.ts'

/** The home screen: the list, or why there is none. */
export function Sandboxes() {
  const actions = useSandboxActions()
  const [none, missing] = useHouse(({ house, sandboxes }) => {
    const empty = Object.keys(sandboxes).length === 0
    return [empty, empty && (!backendKinds[house.backend.kind].provisions || !house.backend.reachable)]
  })
  useFootKeys(none && !missing ? [['n', sandboxesWords.add]] : [])
  if (missing)
    return (
      <Page title={sandboxesWords.title}>
        <EngineMissing />
      </Page>
    )
  if (!none) return <ListScreen />
  return (
    <Page
      title={sandboxesWords.title}
      end={
        <Button icon="plus" onClick={() => actions.create()}>
          <span className="label">{sandboxesWords.add}</span>
        </Button>
      }
    >
      <HouseNotes />
      <FirstRun />
    </Page>
  )
}
