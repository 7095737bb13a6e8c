"""What the page is told of photos: what is kept, what runs, and what was painted."""

from __future__ import annotations

from inscape.studio.paintings import Paintings
from inscape.studio.photo_jobs import PhotoJobs
from inscape.studio.photo_records import PhotoRecord
from inscape.studio.photo_schemas import PhotoInfo, PhotoList, PhotoSummary
from inscape.studio.photos import LARGEST_PHOTO, Photos


class PhotoInfos:
    """Puts it together.

    Args:
        photos: What is kept.
        jobs: What runs.
        paintings: What was painted.
    """

    def __init__(self, photos: Photos, jobs: PhotoJobs, paintings: Paintings) -> None:
        self._photos, self._jobs, self._paintings = photos, jobs, paintings

    def all(self) -> PhotoList:
        """Every photo, the latest first."""
        return PhotoList(photos=[self._summary(each) for each in self._photos.all()], largest=LARGEST_PHOTO)

    def get(self, identifier: str) -> PhotoInfo:
        """One photo.

        Raises:
            NotFoundError: There is no such photo.
        """
        running = self._jobs.running(identifier)  # first: what has ended since is kept by now
        record = self._photos.get(identifier)
        ready = record.inversion is not None
        return PhotoInfo(
            id=record.id,
            name=record.name,
            width=record.width,
            height=record.height,
            state="ready" if ready else "inverting" if running else "new",
            fit=record.fit,
            asked=record.asked,
            running=None if ready else running,
            inversion=record.inversion,
            painting=self._paintings.on_photo(identifier),
            picture=f"api/photos/{record.id}/screen.jpg",
            small=f"api/photos/{record.id}/small.jpg",
            created=record.created,
            updated=record.updated,
        )

    def delete(self, identifier: str) -> None:
        """Put a photo away, and what was painted on it; `restore` brings both back.

        Raises:
            NotFoundError: There is no such photo.
        """
        self._photos.delete(identifier)
        self._paintings.mark_photo(identifier, deleted=True)

    def restore(self, identifier: str) -> PhotoInfo:
        """Bring a deleted photo back, and what was painted on it.

        Raises:
            NotFoundError: There was no such photo.
        """
        self._photos.restore(identifier)
        self._paintings.mark_photo(identifier, deleted=False)
        return self.get(identifier)

    def _summary(self, record: PhotoRecord) -> PhotoSummary:
        inversion = record.inversion
        running = inversion is None and self._jobs.running(record.id) is not None
        return PhotoSummary(
            id=record.id,
            name=record.name,
            width=record.width,
            height=record.height,
            state="ready" if inversion else "inverting" if running else "new",
            model=inversion.model if inversion else None,
            psnr=inversion.psnr if inversion else None,
            small=f"api/photos/{record.id}/small.jpg",
            updated=record.updated,
        )
