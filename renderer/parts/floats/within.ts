import { createContext } from 'react'

/** Where a part stands, for the parts inside it. A row of a grid is one tab stop: its buttons are reached by → from the row. */
export const InRow = createContext(false)

/** What floats above a dialog needs a higher floor than what floats above the window. */
export const InDialog = createContext(false)
