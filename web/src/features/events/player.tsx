/** The snapshot at once, the clip as soon as it is here, both fetched from the device that saw it. */
import { useState, type ReactElement } from 'react';
import Button from '@mui/material/Button';
import { ProblemNote } from '../../show/parts';
import { size } from '../../show/words';
import type { Sighting } from '../../wire/types';
import { BoxLayer } from './box-layer';
import { isLive, whatSeen } from './sighting';
import { useMedia, type Media } from './use-media';
import css from './events.module.css';

export function Player({ sighting }: { sighting: Sighting }): ReactElement {
  const [asked, setAsked] = useState(false);
  const [boxes, setBoxes] = useState(true);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [refused, setRefused] = useState(false);
  const there = sighting.media_available;
  const snapshot = useMedia(sighting.id, 'snapshot', there && sighting.snapshot);
  // A visit that still goes on is played only when somebody asks: its clip is not whole yet.
  const clip = useMedia(
    sighting.id,
    'clip',
    there && (asked || !isLive(sighting)) && hasClip(sighting),
  );
  const lead = sighting.clip?.lead_s ?? null;
  const shape = useShape(video);
  return (
    <div>
      <div className={css.stage} style={shape ? { aspectRatio: shape } : undefined}>
        {snapshot.url && !clip.url && (
          <img
            src={snapshot.url}
            alt={`Snapshot: ${whatSeen(sighting)} at ${sighting.camera}`}
            data-testid="snapshot"
          />
        )}
        {clip.url && (
          // Cameras record no sound, so there is nothing to caption.

          <video
            key={clip.url}
            ref={setVideo}
            src={clip.url}
            poster={snapshot.url ?? ''}
            controls
            autoPlay={!window.matchMedia('(prefers-reduced-motion: reduce)').matches}
            muted
            playsInline
            onError={() => setRefused(true)}
            aria-label={`Clip of ${sighting.camera}`}
          />
        )}
        {video && clip.url && boxes && lead !== null && (
          <BoxLayer video={video} boxes={sighting.boxes} lead={lead} />
        )}
      </div>
      <div className={css.bar}>
        <p role="status">
          {refused
            ? 'This browser cannot play the clip. Reload it, or look at it with another browser.'
            : status(sighting, snapshot, clip)}
          {clip.loading && <Progress media={clip} total={sighting.clip?.bytes ?? 0} />}
        </p>
        {isLive(sighting) && hasClip(sighting) && there && !clip.loading && (
          <Button
            size="small"
            variant="outlined"
            color="inherit"
            onClick={asked ? clip.reload : () => setAsked(true)}
          >
            {asked ? 'Load what came since' : 'Play what is recorded so far'}
          </Button>
        )}
        {clip.url && lead !== null && sighting.boxes.length > 0 && (
          <label className={css.check}>
            <input
              type="checkbox"
              checked={boxes}
              onChange={(event) => setBoxes(event.target.checked)}
            />
            Boxes
          </label>
        )}
      </div>
      {snapshot.problem && <ProblemNote problem={snapshot.problem} retry={snapshot.reload} />}
      {clip.problem && <ProblemNote problem={clip.problem} retry={clip.reload} />}
    </div>
  );
}

function hasClip(sighting: Sighting): boolean {
  return sighting.clip !== null;
}

function status(sighting: Sighting, snapshot: Media, clip: Media): string {
  if (!sighting.media_available)
    return 'The recording is no longer on the device: its disk keeps only the newest.';
  if (clip.loading) {
    const total = sighting.clip ? ` of ${size(Math.max(sighting.clip.bytes, clip.received))}` : '';
    return `Fetching the clip from ${sighting.device}: ${size(clip.received)}${total}`;
  }
  if (clip.url)
    return `Fetched from ${sighting.device} just now, ${size(clip.bytes)}; kept nowhere on the way.`;
  if (clip.problem) return snapshot.url ? 'Snapshot only.' : 'No picture.';
  if (isLive(sighting)) return 'Still in view: the recording goes on.';
  if (!hasClip(sighting)) return 'No clip was recorded for this event.';
  return '';
}

function Progress({ media, total }: { media: Media; total: number }): ReactElement | null {
  if (total <= 0) return null;
  const part = Math.min(100, (media.received / total) * 100);
  return (
    <span className={css.progress} aria-hidden="true">
      <span style={{ width: `${part}%` }} />
    </span>
  );
}

/** The shape of the picture once it is known, so that no bars stand beside it. */
function useShape(video: HTMLVideoElement | null): string | null {
  const [shape, setShape] = useState<string | null>(null);
  const [seen, setSeen] = useState<HTMLVideoElement | null>(null);
  if (video && video !== seen) {
    setSeen(video);
    video.addEventListener('loadedmetadata', () =>
      setShape(`${video.videoWidth} / ${video.videoHeight}`),
    );
  }
  return shape;
}
