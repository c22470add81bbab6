// The words of the newer portal: what it calls the values of the newest api-version.
export const SINGLE = 'PostgreSQLSingleServer'

/** The service's values; Malachite migrates from all of them in the same way. */
export const SOURCE_TYPES = [
  [SINGLE, 'Azure Database for PostgreSQL Single Server'],
  ['OnPremises', 'On-premises server'],
  ['AzureVM', 'Azure virtual machine'],
  ['AWS_RDS', 'Amazon RDS for PostgreSQL'],
  ['AWS_AURORA', 'Amazon Aurora PostgreSQL'],
  ['AWS_EC2', 'Amazon EC2'],
  ['GCP_CloudSQL', 'Google Cloud SQL for PostgreSQL'],
  ['GCP_AlloyDB', 'Google AlloyDB for PostgreSQL'],
  ['GCP_Compute', 'Google Compute Engine'],
  ['EDB_PostgreSQL', 'EDB Postgres'],
  ['Heroku_PostgreSQL', 'Heroku Postgres'],
  ['Crunchy_PostgreSQL', 'Crunchy Postgres'],
  ['Digital_Ocean_PostgreSQL', 'Digital Ocean PostgreSQL'],
  ['Supabase_PostgreSQL', 'Supabase'],
]
export const sourceTypeOf = ({ sourceKind, sourceType }) => (sourceKind === 'single' ? SINGLE : sourceType)

export const OPTIONS = [
  ['ValidateAndMigrate', 'Validate and migrate'],
  ['Validate', 'Validate'],
  ['Migrate', 'Migrate'],
]

/** The button of the last tab. */
export const startText = ({ option }) =>
  ({ Validate: 'Start validation', Migrate: 'Start migration' })[option] ?? 'Start validation and migration'

export const wordOf = (list, value) => list.find(([key]) => key === value)?.[1] ?? value
