/** A sandbox's key as far as directories are concerned. `id` names an anonymous one's directory. */
export interface Place { readonly id: string; readonly user: string; readonly thread: string | null }
