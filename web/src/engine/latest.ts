/**
 * Latest wins: one request is under way at a time; what is asked meanwhile replaces what was asked before, and is
 * sent when the answer has arrived. Nothing queues up, and the request under way is never thrown away, so that
 * somebody who keeps moving still sees results.
 */
export class Latest<Request, Answer> {
  private waiting: { request: Request; number: number } | null = null;
  private underWay = 0;
  private issued = 0;
  private shown = 0;
  private paused = false;

  /**
   * @param send Answers a request; may reject.
   * @param show Is given each answer that is newer than the last one shown.
   * @param fail Is told of each failure, and whether anything was asked for since.
   */
  constructor(
    private readonly send: (request: Request, number: number) => Promise<Answer>,
    private readonly show: (answer: Answer, request: Request, number: number) => void,
    private readonly fail: (error: unknown, request: Request, newest: boolean) => void = () => undefined,
  ) {}

  get busy(): boolean {
    return this.underWay > 0 || this.waiting !== null;
  }

  get hasWaiting(): boolean {
    return this.waiting !== null;
  }

  /**
   * Ask; answers of anything asked before are stale once this one has been shown. An urgent request (the pointer was
   * lifted) is sent at once, behind the one under way, instead of waiting for its answer. Returns its number.
   */
  ask(request: Request, urgent = false): number {
    this.issued += 1;
    this.waiting = { request, number: this.issued };
    this.pump(urgent);
    return this.issued;
  }

  /** Whatever has been asked so far is of no interest any more. */
  drop(): void {
    this.waiting = null;
    this.shown = this.issued;
  }

  /** Hold requests back (no connection); the newest is kept and sent on `resume`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.pump();
  }

  private pump(urgent = false): void {
    if ((this.underWay > 0 && !urgent) || this.paused || !this.waiting) return;
    const { request, number } = this.waiting;
    this.waiting = null;
    this.underWay += 1;
    this.send(request, number)
      .then(
        (answer) => {
          if (number <= this.shown) return;
          this.shown = number;
          this.show(answer, request, number);
        },
        (error: unknown) => {
          if (number > this.shown) this.fail(error, request, number === this.issued);
        },
      )
      .finally(() => {
        this.underWay -= 1;
        this.pump();
      });
  }
}
