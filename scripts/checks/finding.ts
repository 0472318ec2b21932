/** What a check found: a file relative to the root, and what is wrong there. None: the check passes. */
export interface Finding { readonly file: string; readonly problem: string }
