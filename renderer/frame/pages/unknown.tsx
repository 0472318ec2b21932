import { frameWords } from '../../words/frame.ts'
import { Page } from '../window/page.tsx'

export function UnknownPage() {
  const { title, text, back } = frameWords.unknownPage
  return <Page title={title}><div className="scroll pad"><p>{text} <a className="inline" href="#/sandboxes">{back}</a>.</p></div></Page>
}
