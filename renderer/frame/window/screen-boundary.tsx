import { Component, type ReactNode } from 'react'
import { Button } from '../../parts/buttons/button.tsx'
import { Code } from '../../parts/blocks/code.tsx'
import { frameWords } from '../../words/frame.ts'
import { Page } from './page.tsx'

interface Props { /** Another place: the failure is left behind. */ readonly place: string; readonly children: ReactNode }
interface State { readonly error: unknown; readonly place: string }

/** A screen that throws takes itself away, not the frame around it. */
export class ScreenBoundary extends Component<Props, State> {
  override state: State = { error: null, place: this.props.place }

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error ?? new Error('it threw nothing') }
  }

  static getDerivedStateFromProps({ place }: Props, state: State): Partial<State> | null {
    return place === state.place ? null : { error: null, place }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <Page title={frameWords.failed.title}>
        <div className="scroll"><div className="lead">
          <h2>{error instanceof Error ? error.message : String(error)}</h2>
          <p>{frameWords.failed.next}</p>
          <div className="how">
            <div className="h2"><span>{frameWords.failed.report}</span></div>
            <Code text={error instanceof Error ? error.stack ?? error.message : String(error)} label={frameWords.failed.report} />
          </div>
          <div className="or"><Button kind="primary" onClick={() => this.setState({ error: null })}>{frameWords.failed.again}</Button></div>
        </div></div>
      </Page>
    )
  }
}
