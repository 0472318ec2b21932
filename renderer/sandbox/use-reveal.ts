import { useNative } from '../state/contexts.ts'
import { useToast } from '../parts/toasts.ts'
import { tabWords } from './tabs.words.ts'
import { useTask } from '../parts/use-task.ts'

const words = tabWords.mounts

/** Shows a path of the host in its file manager; where that cannot be, its path is on the clipboard instead. */
export function useReveal(): { label: string; icon: 'reveal' | 'copy'; reveal: (path: string) => void } {
  const native = useNative()
  const toast = useToast()
  const task = useTask()
  const shell = native.kind === 'electron'
  return {
    label: shell ? words.reveal : words.copyPath,
    icon: shell ? 'reveal' : 'copy',
    reveal: (path) =>
      task.run(async () => {
        if (await native.reveal(path)) return
        await native.copy(path)
        toast({ title: words.copied, detail: path })
      }),
  }
}
