import { useRef, useState } from 'react'
import type { Gauge } from '../../shared/gauge.ts'
import { useTopic } from '../frame/house/use-topic.ts'

/** The course of one sandbox: the last is now. */
export interface Course { readonly cpu: readonly (number | null)[]; readonly memory: readonly (number | null)[]; readonly last: Gauge | null }

export type Courses = ReadonlyMap<string, Course>

const kept = 30

/** CPU and memory of all sandboxes, while the list is in sight. */
export function useGauges(): Courses {
  const [courses, setCourses] = useState<Courses>(() => new Map())
  const past = useRef<{ readonly at: string; readonly sandboxes: Readonly<Record<string, Gauge>> }[]>([])
  useTopic('gauges', {}, {
    start() {
      past.current = []
    },
    event({ samples }) {
      past.current = [...past.current, ...samples].slice(-kept)
      setCourses(coursesOf(past.current))
    },
  })
  return courses
}

function coursesOf(samples: readonly { readonly sandboxes: Readonly<Record<string, Gauge>> }[]): Courses {
  const ids = new Set(samples.flatMap(({ sandboxes }) => Object.keys(sandboxes)))
  const last = samples.at(-1)?.sandboxes ?? {}
  return new Map([...ids].map((id) => [id, {
    cpu: samples.map(({ sandboxes }) => sandboxes[id]?.cpu ?? null),
    memory: samples.map(({ sandboxes }) => sandboxes[id]?.memory ?? null),
    last: last[id] ?? null,
  }]))
}
