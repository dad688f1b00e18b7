/** The boxes of the detector, drawn over the picture that the video shows right now. */
import { useEffect, useLayoutEffect, useMemo, useState, type ReactElement } from 'react';
import type { Box } from '../../wire/types';
import { boxesAt, walksOf } from './boxes';
import css from './events.module.css';

interface BoxLayerProps {
  video: HTMLVideoElement;
  boxes: Box[];
  /** Seconds of the clip before the event's start. */
  lead: number;
}

export function BoxLayer({ video, boxes, lead }: BoxLayerProps): ReactElement | null {
  const at = useMediaTime(video);
  const place = usePicturePlace(video);
  const walks = useMemo(() => walksOf(boxes), [boxes]);
  const shown = boxesAt(walks, at - lead);
  if (!place || shown.length === 0) return null;
  return (
    <svg
      className={css.boxes}
      style={place}
      viewBox="0 0 1 1"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {shown.map(([, x, y, width, height], index) => (
        <g key={index}>
          <rect className={css.shadow} x={x} y={y} width={width} height={height} />
          <rect x={x} y={y} width={width} height={height} />
        </g>
      ))}
    </svg>
  );
}

/** The time of the frame on the screen, not of the clock: boxes move with their picture. */
function useMediaTime(video: HTMLVideoElement): number {
  const [at, setAt] = useState(0);
  useEffect(() => {
    let handle = 0;
    const onFrame: VideoFrameRequestCallback = (_now, frame) => {
      setAt(frame.mediaTime);
      handle = video.requestVideoFrameCallback(onFrame);
    };
    handle = video.requestVideoFrameCallback(onFrame);
    return () => video.cancelVideoFrameCallback(handle);
  }, [video]);
  return at;
}

interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where the picture lies inside the video element, which keeps its shape with bars beside it. */
function usePicturePlace(video: HTMLVideoElement): Place | null {
  const [place, setPlace] = useState<Place | null>(null);
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth, clientHeight, videoWidth, videoHeight } = video;
      if (videoWidth === 0 || videoHeight === 0) return;
      const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
      const width = videoWidth * scale;
      const height = videoHeight * scale;
      const left = (clientWidth - width) / 2;
      setPlace({ left, top: (clientHeight - height) / 2, width, height });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(video);
    video.addEventListener('loadedmetadata', measure);
    measure();
    return () => {
      observer.disconnect();
      video.removeEventListener('loadedmetadata', measure);
    };
  }, [video]);
  return place;
}
