namespace RtMatching.Server.Endpoints.Operations;

/// <summary>The status page's style and the few lines that renew it.</summary>
internal static class StatusPageLook
{
    public const int RenewSeconds = 5;

    public const string Style = """

        :root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --line: #dfe3e8; --text: #16202c; --quiet: #5c6b7a;
          --ok: #1a7f4b; --open: #1d62c4; --warning: #9a5b00; --serious: #b3261e; --parsed: #a9c8f2; --track: #e6eaef; }
        @media (prefers-color-scheme: dark) { :root { --ground: #10151b; --card: #18202a; --line: #2b3642; --text: #e4eaf1; --quiet: #96a5b5;
          --ok: #4cc38a; --open: #6ea8ff; --warning: #f0b455; --serious: #ff8a80; --parsed: #34547f; --track: #2b3642; } }
        * { box-sizing: border-box; }
        body { margin: 0 auto; max-width: 82rem; padding: 1rem 1.25rem 2rem; background: var(--ground); color: var(--text);
          font: 0.9rem/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
        header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
        h1 { font-size: 1.3rem; margin: 0.2rem 0; } h2 { font-size: 0.95rem; margin: 0 0 0.5rem; } h3 { font-size: 0.9rem; margin: 0; }
        p { margin: 0.2rem 0; } small { font-weight: 400; font-size: 0.8rem; } .quiet { color: var(--quiet); font-weight: 400; }
        em { font-style: normal; font-weight: 600; color: var(--serious); }
        .pill { display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 0.55rem; font-size: 0.75rem; font-weight: 600; white-space: nowrap; }
        .pill.ok { color: var(--ok); } .pill.open { color: var(--open); } .pill.warning { color: var(--warning); } .pill.serious { color: var(--serious); }
        .problems { list-style: none; margin: 0.6rem 0 0; padding: 0; }
        .problems li { background: var(--card); border: 1px solid var(--line); border-left: 0.3rem solid; border-radius: 0.4rem; padding: 0.45rem 0.8rem; margin-top: 0.4rem; }
        .problems .serious { border-left-color: var(--serious); } .problems .warning { border-left-color: var(--warning); }
        .problems b { overflow-wrap: anywhere; } .problems span { color: var(--quiet); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.6rem; margin: 0.9rem 0; }
        .tiles div, section { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.6rem 0.9rem; }
        .tiles dt { color: var(--quiet); font-size: 0.8rem; } .tiles dd { margin: 0; font-size: 0.78rem; min-height: 1.1em; }
        .tiles dt + dd { font-size: 1.3rem; font-weight: 600; } .tiles .warning dt + dd { color: var(--warning); }
        section { margin-top: 0.9rem; padding: 0.8rem 0.9rem; }
        .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 0 0.9rem; }
        article { border-top: 1px solid var(--line); padding: 0.55rem 0; } h2 + article { border-top: 0; padding-top: 0; } article:last-child { padding-bottom: 0; }
        bdi { overflow-wrap: anywhere; } .facts { display: flex; flex-wrap: wrap; gap: 0 1rem; } .facts .quiet { margin-left: auto; }
        .bar { display: block; width: 100%; height: 0.55rem; margin: 0.35rem 0; border-radius: 0.3rem; background: var(--track); }
        .bar .done { fill: var(--ok); } .bar .lost { fill: var(--serious); } .bar .gone { fill: var(--quiet); } .bar .parsed { fill: var(--parsed); }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th { text-align: left; font-weight: 400; font-size: 0.8rem; color: var(--quiet); } th, td { padding: 0.25rem 0.9rem 0.25rem 0; vertical-align: top; }
        td { border-top: 1px solid var(--line); overflow-wrap: anywhere; } .n { text-align: right; } .small { width: auto; min-width: 22rem; }
        th:last-child, td:last-child { padding-right: 0; }
        @media (min-width: 44rem) { .wide td:first-child { min-width: 7rem; } }
        .away { display: none; position: fixed; left: 0; right: 0; bottom: 0; margin: 0; padding: 0.6rem; text-align: center; background: var(--serious); color: var(--ground); }
        .old main { opacity: 0.5; } .old .away { display: block; }
        @media (max-width: 44rem) {
          body { padding: 0.7rem; } .facts .quiet { margin-left: 0; } .small { width: 100%; min-width: 0; }
          .wide thead { display: none; } .wide tr { display: block; border-top: 1px solid var(--line); padding: 0.35rem 0; } .wide tbody tr:first-child { border-top: 0; }
          .wide td { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: 0.1rem 0; text-align: right; }
          .wide td::before { content: attr(data-name); color: var(--quiet); text-align: left; white-space: nowrap; }
        }

        """;

    /// <summary>
    /// Fetches the page again and puts its main part in place of this one, without losing the place on it. A server that is away leaves
    /// the old state standing, marked as old; the reload that stands in for this where scripts are off would end on an error page.
    /// </summary>
    public static readonly string Script = $$"""

        async function renew() {
          try {
            const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(15000) });
            const page = new DOMParser().parseFromString(await answer.text(), "text/html");
            const main = page.querySelector("main");
            if (!main) throw new Error("no status");
            document.querySelector("main").replaceWith(document.adoptNode(main));
            document.title = page.title;
            document.body.classList.remove("old");
          } catch {
            document.body.classList.add("old");
          }
          setTimeout(renew, {{RenewSeconds}}000);
        }
        setTimeout(renew, {{RenewSeconds}}000);

        """;
}
