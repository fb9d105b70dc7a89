import neostandard from 'neostandard'

export default [
  ...neostandard({ ts: true, ignores: ['src/http/plain-schemas.ts', 'src/pages/look/assets.ts', 'build', 'dist', 'example/dist', 'test/bench/dist'] }),
  {
    files: ['src/pages/look/*.js'],
    languageOptions: {
      globals: {
        document: 'readonly', navigator: 'readonly', addEventListener: 'readonly', getSelection: 'readonly', print: 'readonly'
      }
    }
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@stylistic/max-len': ['error', { code: 110, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true }]
    }
  }
]
