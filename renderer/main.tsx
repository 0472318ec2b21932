import { createRoot } from 'react-dom/client'
import './styles/main.css'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(<main><h1>Berth</h1></main>)
