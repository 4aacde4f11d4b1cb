// What neither the compiler nor prettier sees: hooks, promises, signals, translations, the conventions of plugins.
import js from '@eslint/js';
import jupyter from '@jupyter/eslint-plugin';
import { defineConfig, globalIgnores } from 'eslint/config';
import hooks from 'eslint-plugin-react-hooks';
import ts from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['lib/', 'src/api/generated.ts']),
  js.configs.recommended,
  jupyter.configs.recommended,
  {
    rules: {
      // One chunk of 170 kB holds every view; ECharts, four times that size, loads when the first plot is drawn.
      'jupyter/prefer-lazy-imports': 'off'
    }
  },
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.ts'],
    extends: [ts.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'react-hooks': hooks },
    rules: {
      'react-hooks/rules-of-hooks': 'error',
      'react-hooks/exhaustive-deps': 'error',
      // Command ids are a namespace, as in JupyterLab.
      '@typescript-eslint/no-namespace': 'off',
      // Lumino's signals take a method and the object that it belongs to.
      '@typescript-eslint/unbound-method': 'off'
    }
  }
);
