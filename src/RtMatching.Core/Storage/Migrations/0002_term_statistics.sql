-- In how many documents of a side a lexeme occurs: what full-text search weighs terms by (see TermStatistics).
-- Counted over a sample and rebuilt as a whole when the corpus has changed enough; never maintained row by row.

create table term_samples (
    tenant       text        not null,
    kind         text        not null check (kind in ('cv', 'job')),
    preparation  int         not null,
    documents    int         not null,          -- there were then, counted to just above the sample's size
    sampled      int         not null,          -- whose lexemes were counted
    mean_length  real        not null,          -- lexemes in a document
    refreshed_at timestamptz not null default now(),
    primary key (tenant, kind, preparation)
);

create table term_frequencies (
    tenant      text not null,
    kind        text not null,
    preparation int  not null,
    lexeme      text not null,
    documents   int  not null,                  -- of the sample
    primary key (tenant, kind, preparation, lexeme),
    foreign key (tenant, kind, preparation) references term_samples on delete cascade
);
