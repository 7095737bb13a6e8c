import { ICONS, type IconName } from "../engine/icons";

/** A line icon; it never carries meaning alone, so assistive technology skips it. */
export function Icon({
  name,
  path,
  size = 20,
}: {
  name?: IconName | undefined;
  path?: string;
  size?: number;
}) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={path ?? (name ? ICONS[name] : "")} />
    </svg>
  );
}
