"""Uploads get through, whatever becomes of connection, URLs and page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, expect

from devstack.site.staging import Line
from devstack.site.visitor import Visitor

LARGE = 104 * 1024 * 1024
# A folder as it is dropped, of the browser's own file system: nobody can drag one of the system's in a test.
DROP_A_FOLDER = """async (bytes) => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("Camera", { create: true });
  const put = async (name, content) => {
    const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
    await file.write(new Uint8Array(content));
    await file.close();
  };
  for (let index = 0; index < 20; index += 1) await put(`photo-${index}.jpg`, [255, 216, 255, index]);
  if (bytes) await put("Dropped.mp4", bytes);
  DataTransferItem.prototype.getAsFileSystemHandle = async () => folder;
  const transfer = new DataTransfer();
  transfer.items.add(new File([], "Camera"));
  document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def test_a_cut_connection_only_delays_an_upload(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer("pt-BR", phone=True)
    large = clip("Corte.mp4", size=LARGE)
    line = Line(visitor.page)
    line.set(4_000_000)
    visitor.upload(large)
    row = visitor.row(large.name)
    visitor.page.wait_for_function("() => document.querySelector('.row progress')?.value > 0.15")
    line.set(4_000_000, cut=True)
    expect(row).to_have_attribute("data-state", "offline")
    expect(row.locator(".row-state")).to_contain_text("Sem conexão")
    line.set(20_000_000)
    expect(row).to_have_attribute("data-state", "done", timeout=300_000)
    visitor.ready_card("Corte")


def test_an_expired_url_is_replaced(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    refused: list[str] = []

    def expire_first(route: Route) -> None:
        if route.request.method == "PUT" and not refused:
            refused.append(route.request.url)
            route.fulfill(status=403, headers={"Access-Control-Allow-Origin": "*"}, body="<Code>AccessDenied</Code>")
        else:
            route.fallback()

    visitor.page.route("**/uploads/**", expire_first)
    small = clip("Late.mp4")
    visitor.upload(small)
    visitor.ready_card("Late")
    assert refused
    expect(visitor.page.locator(".card")).to_have_count(1)


def test_what_cannot_be_a_video_is_refused_before_a_byte_is_sent(
    newcomer: Callable[..., Visitor], tmp_path: Path
) -> None:
    visitor = newcomer()
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if request.method in ("PUT", "POST") else None)
    files = {"notes.txt": b"hello", "empty.mp4": b"", "document.mp4": b"%PDF-1.7 and more"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    visitor.upload(*(tmp_path / name for name in files))
    for name in files:
        expect(visitor.row(name)).to_have_attribute("data-state", "refused")
    assert asked == []


def test_a_cancelled_upload_leaves_nothing(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    Line(visitor.page).set(1_000_000)
    large = clip("Unwanted.mp4", size=LARGE)
    visitor.upload(large)
    visitor.page.locator(".card").wait_for()
    visitor.row(large.name).locator('[data-action="cancel"]').click()
    visitor.page.locator('[data-dialog="cancel-upload"] button[type=submit]').click()
    expect(visitor.page.locator(".card")).to_have_count(0)
    expect(visitor.heading("library.title")).to_be_focused()
    visitor.page.reload()
    visitor.page.get_by_role("heading", name=visitor.text("library.emptyTitle")).wait_for()


def test_another_file_does_not_continue_an_upload(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    Line(visitor.page).set(1_000_000)
    large = clip("Mine.mp4", size=LARGE)
    visitor.upload(large)
    visitor.page.locator(".card").wait_for()
    visitor.row(large.name).locator('[data-action="toggle"]').click()
    visitor.page.reload()
    row = visitor.row(large.name)
    visitor.choose_files(row.locator('[data-action="pick-again"]').click, clip("Mine.mp4", size=LARGE + 1))
    visitor.page.locator(".notice.problem").wait_for()
    expect(row).to_have_attribute("data-state", "needs-file")


def test_dropped_files_go_up(newcomer: Callable[..., Visitor], clip: Callable[..., Path]) -> None:
    visitor = newcomer()
    transfer = visitor.page.evaluate_handle(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "Dropped.mp4", { type: "video/mp4" }));
          return transfer;
        }""",
        list(clip("Dropped.mp4", seconds=1).read_bytes()),
    )
    visitor.page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    visitor.page.locator(".curtain").wait_for()
    visitor.page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    visitor.ready_card("Dropped")


def test_of_a_folder_only_its_videos_go_up(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path], tmp_path: Path
) -> None:
    visitor = newcomer()
    below = tmp_path / "Camera" / "2026"
    below.mkdir(parents=True)
    for index in range(20):
        (tmp_path / "Camera" / f"photo-{index}.jpg").write_bytes(b"\xff\xd8\xff" + bytes([index]))
    (below / "Chosen.mp4").write_bytes(clip("Chosen.mp4", seconds=1).read_bytes())
    # Beside the other button, whatever the library holds, and without a mouse.
    button = visitor.page.locator('.top [data-action="upload-folder"]')
    visitor.choose_files(lambda: button.press("Enter"), tmp_path / "Camera")
    visitor.ready_card("Chosen")
    expect(button).to_be_visible()
    visitor.page.evaluate(DROP_A_FOLDER, list(clip("Dropped.mp4", seconds=2).read_bytes()))
    visitor.ready_card("Dropped")
    expect(visitor.page.locator(".dock .row")).to_have_count(2)


def test_a_folder_without_videos_says_so(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer("pt-BR")
    visitor.page.evaluate(DROP_A_FOLDER, None)
    expect(visitor.page.locator(".notice.problem")).to_contain_text(visitor.text("upload.noVideos"))
    expect(visitor.page.locator(".dock .row")).to_have_count(0)


def test_a_dropped_file_that_cannot_be_read_says_so(newcomer: Callable[..., Visitor]) -> None:
    visitor = newcomer()
    visitor.page.evaluate(
        """() => {
          const lost = async () => { throw new DOMException("gone", "NotFoundError"); };
          DataTransferItem.prototype.getAsFileSystemHandle = async () => ({ kind: "file", getFile: lost });
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([], "Lost.mp4"));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    expect(visitor.page.locator(".notice.problem")).to_contain_text(visitor.text("refusal.unreadable"))


def test_a_large_upload_that_was_whole_before_the_page_closed_is_done(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path]
) -> None:
    visitor = newcomer()
    page = visitor.page
    heard: list[str] = []

    def lose_answer(route: Route) -> None:
        heard.append(route.fetch().text())
        route.abort()

    page.route("**/complete", lose_answer)
    large = clip("Whole.mp4", size=LARGE)
    visitor.upload(large)
    expect(visitor.row(large.name)).to_have_attribute("data-state", "offline", timeout=90_000)
    assert heard
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    # It warns, as for any upload under way.
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.unroute("**/complete", lose_answer)
    # Nobody is asked for the file again: all of it is there.
    expect(visitor.row(large.name)).to_have_attribute("data-state", "done")
    visitor.ready_card("Whole")
    expect(page.locator(".card")).to_have_count(1)
    assert sent == []


def test_a_row_that_goes_leaves_the_focus_in_its_place(newcomer: Callable[..., Visitor], tmp_path: Path) -> None:
    visitor = newcomer()
    files = [tmp_path / name for name in ("first.txt", "second.txt")]
    for file in files:
        file.write_text("no video")
    visitor.upload(*files)
    first, second = (visitor.row(file.name).locator('[data-action="cancel"]') for file in files)
    first.press("Enter")
    expect(visitor.row("first.txt")).to_have_count(0)
    expect(second).to_be_focused()
    second.press("Enter")
    expect(visitor.heading("library.title")).to_be_focused()


def test_uploads_wait_for_a_person_whose_session_ended(
    newcomer: Callable[..., Visitor], clip: Callable[..., Path]
) -> None:
    visitor = newcomer()
    denied = json.dumps({"error": {"code": "unauthorized", "message": "no"}})
    visitor.page.route("**/api/videos/upload-url", lambda route: route.fulfill(status=401, body=denied))
    visitor.upload(clip("Waiting.mp4"))
    expect(visitor.row("Waiting.mp4")).to_have_attribute("data-state", "signed-out")
