import { useEffect, type ReactNode } from 'react'

/** A page without an engine behind it: no sidebar, for there is nowhere to go. */
export function Bare({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Berth`
  }, [title])
  return <main className="bare"><header className="bar"><h1>Berth</h1></header><div className="scroll"><div className="lead">{children}</div></div></main>
}
