import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import { fitAboveKeyboard } from './state/keyboard';
import { theme } from './state/theme.svelte';

theme.start();
fitAboveKeyboard();

const target = document.getElementById('app');
if (target) mount(App, { target });
