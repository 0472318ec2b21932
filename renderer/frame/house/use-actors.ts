import { useMemo } from 'react'
import { actorOf } from '../../words/who.ts'
import { useHouse } from './use-house.ts'

/** Says who did something, conversations by the names of their holds. */
export function useActors(): (who: string) => ReturnType<typeof actorOf> {
  const named = useHouse(({ sandboxes }) => JSON.stringify(Object.values(sandboxes).flatMap(({ holders }) => holders.flatMap(({ holder, name }) => (name === undefined ? [] : [[holder, name]])))))
  return useMemo(() => {
    const names = new Map(JSON.parse(named) as [string, string][])
    return (who) => actorOf(who, names)
  }, [named])
}
