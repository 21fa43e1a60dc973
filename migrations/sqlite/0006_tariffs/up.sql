-- What fees are: rules of a tariff as they were drafted, activated and ended, the groups of people
-- they name, and what stands on dossiers against them. A rule is written once; after its activation
-- only the columns from activated_at on change, and no row is deleted.

CREATE TABLE person_groups (
    tenant INTEGER NOT NULL,
    code TEXT NOT NULL,
    name_vi TEXT NOT NULL,
    name_en TEXT NOT NULL,
    PRIMARY KEY (tenant, code)
) WITHOUT ROWID;

-- Lists (units, person_groups, steps, prevails_over) are words with one space between them. Rates are
-- millionths. A price has no off_rate; a relief has either an off_rate or a formula.
CREATE TABLE tariff_rules (
    tenant INTEGER NOT NULL,
    rule_id TEXT NOT NULL,
    procedure_code TEXT NOT NULL,
    fee_kind TEXT CHECK (fee_kind IN ('phi', 'le_phi', 'tax', 'other')),
    fee_code TEXT,
    fee_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('price', 'relief')),
    submitted_via TEXT CHECK (submitted_via IN ('online', 'counter', 'post')),
    units TEXT NOT NULL,
    person_groups TEXT NOT NULL,
    flat_minor BIGINT NOT NULL CHECK (flat_minor >= 0),
    steps TEXT NOT NULL,
    rate BIGINT CHECK (rate BETWEEN 0 AND 1000000),
    floor_minor BIGINT CHECK (floor_minor >= 0),
    cap_minor BIGINT CHECK (cap_minor >= 0),
    off_rate BIGINT CHECK (off_rate BETWEEN 0 AND 1000000),
    legal_basis TEXT NOT NULL,
    effective_from DATE NOT NULL,
    effective_to DATE,
    replaces TEXT,
    prevails_over TEXT NOT NULL,
    decision TEXT NOT NULL,
    drafted_at BIGINT NOT NULL,
    activated_at BIGINT,
    activated_by TEXT,
    activation_reason TEXT,
    ended_on DATE,
    ended_at BIGINT,
    ended_by TEXT,
    end_reason TEXT,
    PRIMARY KEY (tenant, rule_id),
    CHECK (fee_kind IS NOT NULL OR fee_code IS NOT NULL),
    CHECK (role = 'relief' OR off_rate IS NULL),
    CHECK ((activated_at IS NULL) = (activated_by IS NULL)),
    CHECK ((ended_on IS NULL) = (ended_by IS NULL)),
    CHECK (ended_on IS NULL OR activated_at IS NOT NULL),
    FOREIGN KEY (tenant, procedure_code) REFERENCES procedures (tenant, code)
) WITHOUT ROWID;

CREATE INDEX tariff_rules_by_procedure ON tariff_rules (tenant, procedure_code);

-- Amounts that were asked for and that the tariff cannot give; gone when the dossier is put again and
-- agrees. Positions are those of fee_items, whose rows are written anew when a dossier changes.
CREATE TABLE tariff_flags (
    tenant INTEGER NOT NULL,
    dossier_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    asked_minor BIGINT NOT NULL,
    tariff_minor BIGINT,
    explanation TEXT NOT NULL,
    flagged_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, dossier_id, position),
    FOREIGN KEY (tenant, dossier_id) REFERENCES dossiers (tenant, dossier_id)
) WITHOUT ROWID;
