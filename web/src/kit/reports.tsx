import { json } from "../api/client";
import type { components } from "../api/types";
import { Trouble } from "./controls";
import { Earlier } from "./findings";
import { useLoaded, useStore } from "./hooks";
import { Icon } from "./Icon";
import { Loading } from "./Loading";
import { router, show } from "./router";

type Schemas = components["schemas"];
export type ReportHead = Schemas["ReportHead"];
export type ReportList = Schemas["ReportList"];
type ReportBody = Schemas["ReportBody"];

/** The tables of a report as files. */
function Tables({ tables }: Pick<ReportBody, "tables">) {
  return (
    <p class="report-files">
      {tables.map(({ name, csv }) => (
        <a
          key={name}
          class="button"
          download={`${name}.csv`}
          href={`data:text/csv;charset=utf-8,${encodeURIComponent(csv)}`}
          data-testid={`csv-${name}`}
        >
          <Icon name="download" />
          <span>Table of {name}, CSV</span>
        </a>
      ))}
    </p>
  );
}

/** Part of a report's own page: foreign text in it is escaped, and the policy of the studio lets no script run. */
export function ReportHtml({ html, testid }: { html: string; testid: string }) {
  return <div class="report-body" data-testid={testid} dangerouslySetInnerHTML={{ __html: html }} />;
}

interface Props {
  /** Where the reports of the page are. */
  readonly path: string;
  /** The newest first. */
  readonly all: readonly ReportHead[];
}

/** A report that is kept: the one that the address names, else the newest. */
export function KeptReport({ path, all }: Props) {
  const { query } = useStore(router).route;
  const head = all.find((one) => one.id === query.found) ?? all[0];
  const key = head ? `${head.id} ${head.created}` : "";
  const { value, problem } = useLoaded(key, async () =>
    head ? json<ReportBody>(`${path}/${head.id}`) : null,
  );
  if (!head) return null;
  return (
    <section class="report" aria-label="What was found" data-testid="report">
      <div class="found-head">
        <h2>{head.title}</h2>
        <Earlier
          all={all}
          shown={head}
          nameOf={({ title, images }) => `${title}, ${images} pictures`}
          onChoose={(one) => show({ found: one.id }, false)}
        />
      </div>
      <p class="hint" data-testid="report-facts">
        {head.facts}
      </p>
      <Trouble problem={problem} />
      {!value && !problem && <Loading what="Loading the report" />}
      {value && (
        <>
          <Tables tables={value.tables} />
          <ReportHtml html={value.body} testid="report-body" />
        </>
      )}
    </section>
  );
}
