import { Component, type ComponentChildren } from "preact";
import { problemOf } from "../../api/client";
import { Button, Notice } from "../controls";

/** A page that breaks takes no other page with it, and says what happened. */
export class ErrorBoundary extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  override componentDidCatch(error: unknown): void {
    this.setState({ error });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    const { title, detail } = problemOf(this.state.error);
    return (
      <Notice title={title} detail={detail} hint="Your paintings are kept.">
        <Button label="Try again" kind="primary" onClick={() => this.setState({ error: null })} />
      </Notice>
    );
  }
}
