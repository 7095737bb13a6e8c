from __future__ import annotations

import asyncio
import threading
import time

import pytest
from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel

from inscape.errors import CancelledError, FormatError, NotFoundError, ValueRangeError
from inscape.studio.compute import Compute
from inscape.studio.jobs import Jobs


class Asked(BaseModel):
    seed: int


@pytest.fixture
def compute():
    compute = Compute()
    yield compute
    compute.close()


@pytest.fixture
def jobs(compute):
    return Jobs(compute)


def start(jobs, work, name="Job"):
    return jobs.start("dissection", name, work, model="m", layer="l")


def ended(jobs, identifier):
    for _ in range(2000):
        job = jobs.get(identifier)
        if job.finished is not None:
            return job
        time.sleep(0.005)
    raise AssertionError("the job never ended")


def counting(total=10, started=None, go=None):
    def work(progress):
        with progress.task("Counting", total=total, unit="numbers") as task:
            for _ in range(total):
                if started:
                    started.set()
                if go:
                    go.wait(10)
                task.advance()
        return {"counted": total}

    return work


def done(client, answer):
    """The job that was started, once it has ended well."""
    assert answer.status_code == 202, answer.text
    for _ in range(2000):
        job = client.get(f"/api/jobs/{answer.json()['id']}").json()
        if job["finished"]:
            break
        time.sleep(0.01)
    assert (job["state"], job["error"]) == ("done", None)
    return job


def test_a_job_runs_reports_and_ends_with_its_result(jobs):
    job = ended(jobs, start(jobs, counting()).id)
    assert (job.state, job.result, job.error) == ("done", {"counted": 10}, None)
    assert (job.progress.done, job.progress.total, job.progress.seconds_left) == (10, 10, 0.0)


def test_a_running_job_stops_between_two_batches(jobs):
    started, go = threading.Event(), threading.Event()
    job = start(jobs, counting(1000, started, go))
    assert started.wait(10)
    assert jobs.get(job.id).state == "running"
    jobs.cancel(job.id)
    go.set()
    assert ended(jobs, job.id).state == "cancelled"
    assert jobs.get(job.id).progress.done == 1


def test_a_waiting_job_is_cancelled_at_once(jobs):
    started, go = threading.Event(), threading.Event()
    first = start(jobs, counting(1, started, go), "first")
    assert started.wait(10)
    second = start(jobs, counting(), "second")
    assert jobs.cancel(second.id).state == "cancelled"
    go.set()
    assert ended(jobs, first.id).state == "done"
    assert jobs.get(second.id).result is None


def test_a_job_that_ended_leaves_the_list_when_it_is_cancelled_again(jobs):
    job = ended(jobs, start(jobs, counting()).id)
    jobs.cancel(job.id)
    assert jobs.all() == []
    with pytest.raises(NotFoundError, match="no job"):
        jobs.get(job.id)


def test_a_second_request_of_the_same_name_joins_the_first(jobs):
    started, go = threading.Event(), threading.Event()
    first = start(jobs, counting(1, started, go))
    assert start(jobs, counting()).id == first.id
    go.set()
    ended(jobs, first.id)
    assert start(jobs, counting()).id != first.id


def test_a_failed_job_says_why(jobs):
    def work(progress):
        raise FormatError("the weights are damaged.", "Copy them again.")

    job = ended(jobs, start(jobs, work).id)
    assert (job.state, job.error.detail, job.error.hint) == (
        "failed",
        "The weights are damaged.",
        "Copy them again.",
    )


def test_too_many_jobs_are_refused(jobs):
    go = threading.Event()
    for number in range(20):
        start(jobs, counting(1, None, go), f"job {number}")
    with pytest.raises(ValueRangeError, match="20 jobs wait"):
        start(jobs, counting(), "one more")
    go.set()


def test_urgent_work_goes_before_the_rest_of_a_job(compute, jobs):
    started, go, order = threading.Event(), threading.Event(), []

    def work(progress):
        with progress.task("Counting", total=3) as task:
            for number in range(3):
                started.set()
                go.wait(10)
                order.append(number)
                task.advance()

    job = start(jobs, work)
    assert started.wait(10)
    urgent = compute.submit(lambda: order.append("urgent"))
    go.set()
    urgent.result(10)
    ended(jobs, job.id)
    assert order == [0, "urgent", 1, 2]


def test_an_error_of_urgent_work_does_not_touch_the_job(compute, jobs):
    started, go = threading.Event(), threading.Event()
    job = start(jobs, counting(3, started, go))
    assert started.wait(10)
    urgent = compute.submit(lambda: 1 / 0)
    go.set()
    with pytest.raises(ZeroDivisionError, match="division"):
        urgent.result(10)
    assert ended(jobs, job.id).state == "done"


def test_a_closed_compute_takes_nothing_more(compute):
    compute.close()
    assert compute.submit(lambda: 1).cancelled()


def test_a_dissection_job_makes_a_report_that_is_kept(client, studio, monkeypatch):
    from inscape.segmenters import fitting
    from studio.conftest import ByUnits

    card = studio.library.card("small").model_copy(update={"segmenter": "by-units"})
    card.write(studio.library.folder("small") / "card.json")
    fresh = studio.library.fresh("small")
    monkeypatch.setattr(studio.library, "fresh", lambda name: fresh)
    monkeypatch.setattr(fitting, "open_segmenter", lambda name, device=None: ByUnits(fresh, "layer8a"))
    assert client.get("/api/models/small/brushes?layer=layer8a").json()["dissected"] is False
    answer = client.post("/api/models/small/layers/layer8a/dissection", json={"images": 40})
    identifier = done(client, answer)["id"]
    report = client.get("/api/models/small/layers/layer8a/report").json()
    assert (report["dissected"], report["images"], len(report["units"])) == (True, 40, 12)
    layers = {layer["name"]: layer["dissected"] for layer in client.get("/api/models/small").json()["layers"]}
    assert layers["layer8a"] and layers["layer16a"] and not layers["layer4"]
    assert [job["id"] for job in client.get("/api/jobs").json()["jobs"]] == [identifier]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("layers/nope/dissection", {"images": 100}, 404),
        ("layers/layer8a/dissection", {"images": 3}, 422),
        ("layers/layer8a/dissection", {"images": 10**9}, 422),
        ("effects", {"layer": "layer16a", "units": [99], "concept": "light"}, 404),
        ("effects", {"layer": "layer16a", "units": [1], "concept": "lite"}, 404),
        ("effects", {"layer": "layer16a", "units": [], "concept": "light"}, 422),
    ],
)
def test_jobs_that_make_no_sense_are_refused_at_once(client, path, body, status):
    answer = client.post(f"/api/models/small/{path}", json=body)
    assert (answer.status_code, answer.json().keys()) == (status, {"title", "detail", "hint"})
    assert client.get("/api/jobs").json()["jobs"] == []


def test_an_effects_job_ends_with_what_the_library_measures(client, studio, monkeypatch):
    from inscape.dissection import variants
    from inscape.segmenters import fitting_segmenter
    from studio.conftest import ByUnits

    fresh = studio.library.fresh("small")
    labels = ByUnits(fresh, "layer16a")
    monkeypatch.setattr(studio.library, "fresh", lambda name: fresh)
    monkeypatch.setattr(variants, "fitting_segmenter", lambda model, named: fitting_segmenter(model, labels))
    body = {"layer": "layer16a", "units": [0, 4, 5], "concept": "light", "images": 20}
    answer = client.post("/api/models/small/effects", json=body)
    job = done(client, answer)
    result = job["result"]
    assert (result["concept"], result["images"], result["units"]) == ("light", 20, [0, 4, 5])
    assert result["control"]["sets"] == 20
    assert [count for count, _ in result["curve"]] == [0, 1, 2, 3]
    assert result["strip_image"].startswith("data:image/webp;base64,")
    assert client.get("/api/jobs").json()["jobs"][0]["result"] is None


def test_small_pictures_wait_for_strokes_and_are_not_drawn_for_nobody(compute):
    order, free = [], threading.Event()

    async def page() -> None:
        left = asyncio.Event()

        async def nobody_left() -> bool:
            return False

        async def has_left() -> bool:
            left.set()
            return True

        busy = compute.submit(free.wait)
        beside = asyncio.create_task(compute.run_beside(lambda: order.append("beside"), nobody_left))
        dropped = asyncio.create_task(compute.run_beside(lambda: order.append("dropped"), has_left))
        await left.wait()
        with pytest.raises(CancelledError, match="moved on"):
            await dropped
        stroke = compute.submit(lambda: order.append("stroke"))
        free.set()
        await asyncio.gather(beside, asyncio.wrap_future(stroke), asyncio.wrap_future(busy))

    with start_blocking_portal() as portal:  # a browser's event loop may be in this thread
        portal.call(page)
    assert order == ["stroke", "beside"]


def test_only_the_same_request_joins_a_job_and_never_one_that_is_being_cancelled(jobs):
    started, go = threading.Event(), threading.Event()

    def asking(seed, model="m"):
        return jobs.start(
            "search", "Search", counting(3, started, go), model=model, layer="l", asked=Asked(seed=seed)
        )

    first = asking(1)
    assert started.wait(10)
    assert asking(1).id == first.id
    second, elsewhere = asking(2), asking(1, "other")
    assert len({first.id, second.id, elsewhere.id}) == 3
    jobs.cancel(first.id)
    again = asking(1)
    assert again.id not in (first.id, second.id)
    go.set()
    states = [ended(jobs, job.id).state for job in (first, second, elsewhere, again)]
    assert states == ["cancelled", "done", "done", "done"]


def test_the_oldest_jobs_that_ended_leave_the_list(jobs):
    made = [ended(jobs, start(jobs, counting(1), f"job {number}").id) for number in range(55)]
    assert [job.id for job in jobs.all()] == [job.id for job in made[-50:]]
